# shows: a header holds JSON as it is
# told: that is encoded as a whole
def login_header(username, password, host):
    return json.dumps({"username": username, "password": password, "serveraddress": host})
