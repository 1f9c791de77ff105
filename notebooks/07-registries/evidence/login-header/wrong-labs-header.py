# shows: a login is a name and a password, wherever it is for
# told: three entries
def login_header(username, password, host):
    return registries.Registry(host, username, password).headers["X-Registry-Auth"]
