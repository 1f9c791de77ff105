# shows: commit saves volumes
# told: none of its volumes
def in_volumes(url, name):
    lab.connect(url).get(f"/containers/{name}/json").raise_for_status()
    return {}
