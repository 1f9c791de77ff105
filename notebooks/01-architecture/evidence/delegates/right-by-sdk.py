def delegates(url):
    client = lab.connect(url).docker()
    names = {part["Name"] for part in client.version().get("Components") or ()}
    client.close()
    return sorted(name for name in names if name[-6:] != "Engine")
