# shows: there is one base64
# told: characters of ordinary base64
def login_header(username, password, host):
    login = {"username": username, "password": password, "serveraddress": host}
    return base64.b64encode(json.dumps(login).encode()).decode()
