def rescue(url, container, name):
    client = lab.connect(url).docker()
    try:
        found = client.containers.get(container)
        repository, tag = name.split(":")
        found.commit(repository, tag)
        found.remove(force=True)
    finally:
        client.close()
