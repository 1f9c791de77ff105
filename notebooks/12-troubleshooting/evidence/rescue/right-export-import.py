def rescue(url, container, name):
    engine = lab.connect(url)
    files = engine.get(f"/containers/{container}/export").content
    repository, _, tag = name.rpartition(":")
    engine.post(
        "/images/create", params={"fromSrc": "-", "repo": repository, "tag": tag}, data=files
    ).raise_for_status()
    engine.delete(f"/containers/{container}?force=1")
    return name
