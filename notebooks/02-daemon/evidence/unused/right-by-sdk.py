def unused(url):
    client = lab.connect(url).docker()
    try:
        found = client.df()["Images"]
    finally:
        client.close()
    return sorted(image["RepoTags"][0] for image in found if not image["Containers"])
