def deliver(url, name, tag, user, password):
    client = lab.connect(url).docker()
    try:
        auth = {"username": user, "password": password}
        lines = client.images.push(name, tag=tag, auth_config=auth, stream=True, decode=True)
        return all("errorDetail" not in line for line in lines)
    finally:
        client.close()
