# shows: tag and digest belong together in a pin
# told: Leave the tag out
def pin(host, repository, tag, username, password):
    digest = walk(host, repository, tag, username, password)["digest"]
    return f"{host}/{repository}:{tag}@{digest}"
