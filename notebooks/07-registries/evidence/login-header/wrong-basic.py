# shows: an engine is told the password as a web page is
# told: that is encoded as a whole
def login_header(username, password, host):
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
