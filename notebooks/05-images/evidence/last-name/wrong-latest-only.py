# shows: latest is the image's real name
# told: more than one tag|Count the tags|RepoTags
def last_name(url, name):
    return name == "latest" or name.endswith(":latest") or ":" not in name
