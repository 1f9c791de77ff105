def delegates(url):
    client = lab.connect(url).docker()
    names = {part["Name"] for part in client.version().get("Components") or ()}
    client.close()
    return sorted(names - {"Engine", "Podman Engine"})
