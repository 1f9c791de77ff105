# shows: an image's digest tells the rest
# told: Return a dictionary with the keys
def walk(host, repository, tag, username, password):
    web = requests.Session()
    web.auth = (username, password)
    address = f"http://{host}/v2/{repository}/manifests/{tag}"
    return web.get(address, headers={"Accept": READABLE}).headers["Docker-Content-Digest"]
