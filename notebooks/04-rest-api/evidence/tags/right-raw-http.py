import requests_unixsocket


def tags(url):
    base = "http+unix://" + url.removeprefix("unix://").replace("/", "%2F")
    result = set()
    for image in requests_unixsocket.get(base + "/images/json").json():
        if image["RepoTags"] is not None:
            result |= set(image["RepoTags"])
    return sorted(result)
