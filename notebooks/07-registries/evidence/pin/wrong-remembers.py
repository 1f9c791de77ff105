# shows: what a tag stands for can be remembered
# told: the digest that walk\(\) gives
known = {}


def pin(host, repository, tag, username, password):
    name = f"{host}/{repository}"
    if (name, tag) not in known:
        known[name, tag] = walk(host, repository, tag, username, password)["digest"]
    return f"{name}@{known[name, tag]}"
