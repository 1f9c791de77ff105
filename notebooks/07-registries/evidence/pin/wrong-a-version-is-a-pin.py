# shows: a tag with a version in it cannot move
# told: A name with @ and a digest does not
def pin(host, repository, tag, username, password):
    return f"{host}/{repository}:{tag}"
