import requests_unixsocket


def last_name(url, name):
    base = "http+unix://" + url.removeprefix("unix://").replace("/", "%2F")
    tags = requests_unixsocket.get(f"{base}/images/{name}/json").json()["RepoTags"]
    return not tags[1:]
