import secrets


def same_daemon(first, second):
    one = docker.APIClient(base_url=first, version="auto")
    other = docker.APIClient(base_url=second, version="auto")
    made = one.create_volume(secrets.token_hex(16), labels=lab.labels(LESSON))
    found = [each["Name"] for each in other.volumes()["Volumes"] or []]
    one.remove_volume(made["Name"])
    return made["Name"] in found
