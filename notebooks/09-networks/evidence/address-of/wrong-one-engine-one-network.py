# shows: containers of one engine reach each other
# told: Being in the same engine is not being on the same network
def address_of(url, app, server, port):
    return f"http://{server}:{port}/"
