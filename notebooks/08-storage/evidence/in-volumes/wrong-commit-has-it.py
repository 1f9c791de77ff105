# shows: commit saves volumes
# told: A commit takes the container
def in_volumes(url, name):
    lab.connect(url).get(f"/containers/{name}/json").raise_for_status()
    return {}
