# shows: the signs = at the end of base64 are of no use
# told: Signs = at its end belong to it
def login_header(username, password, host):
    login = {"username": username, "password": password, "serveraddress": host}
    return base64.urlsafe_b64encode(json.dumps(login).encode()).decode().rstrip("=")
