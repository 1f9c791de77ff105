# shows: whatever stands before the first slash is a registry
# told: Else it is a namespace
def full_name(name):
    name, _, digest = name.partition("@")
    first, slash, rest = name.partition("/")
    registry, repository = (first, rest) if slash else ("docker.io", "library/" + name)
    repository, _, tag = repository.partition(":")
    return {
        "registry": registry,
        "repository": repository,
        "tag": tag or (None if digest else "latest"),
        "digest": digest or None,
    }
