# shows: what the checks use may be used in an answer
# told: inside raised AttributeError
def inside(url, name, command):
    return list(fixtures.inside(lab.connect(url), name, *command))
