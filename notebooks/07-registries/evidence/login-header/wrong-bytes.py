# shows: what base64 gives is text
# told: decode\(\) turns them into text
def login_header(username, password, host):
    login = {"username": username, "password": password, "serveraddress": host}
    return base64.urlsafe_b64encode(json.dumps(login).encode())
