def rescue(url, container, name):
    client = lab.connect(url).docker()
    try:
        found = client.containers.get(container)
        repository, _, tag = name.rpartition(":")
        found.commit(repository, tag)
        found.remove(force=True)
    finally:
        client.close()
