# shows: the filter by name finds whole names only
# told: a filter of the list takes parts
def exists(url, name):
    client = lab.connect(url).docker()
    return bool(client.containers.list(all=True, filters={"name": name}))
