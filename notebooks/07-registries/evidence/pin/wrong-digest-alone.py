# shows: a digest says where its image is
# told: the digest that walk\(\) gives
def pin(host, repository, tag, username, password):
    return walk(host, repository, tag, username, password)["digest"]
