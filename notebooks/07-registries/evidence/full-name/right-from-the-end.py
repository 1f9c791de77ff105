def full_name(name):
    digest = tag = None
    if "@" in name:
        name, digest = name.split("@")
    parts = name.split("/")
    if ":" in parts[-1]:
        parts[-1], tag = parts[-1].split(":")
    elif digest is None:
        tag = "latest"
    registry = "docker.io"
    if len(parts) > 1 and (parts[0] == "localhost" or set(".:") & set(parts[0])):
        registry = parts.pop(0)
    if registry == "docker.io" and len(parts) == 1:
        parts.insert(0, "library")
    return {
        "registry": registry,
        "repository": "/".join(parts),
        "tag": tag,
        "digest": digest,
    }
