def login_header(username, password, host):
    from docker.auth import encode_header

    auth = {"serveraddress": host, "password": password, "username": username}
    return encode_header(auth).decode("ascii")
