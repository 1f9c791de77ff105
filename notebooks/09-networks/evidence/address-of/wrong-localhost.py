# shows: `localhost` in a container is the host
# told: localhost is the container that asks
def address_of(url, app, server, port):
    return f"http://localhost:{port}/"
