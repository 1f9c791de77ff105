# shows: socket and request path are one and the same path
# told: Only the socket is quoted
from urllib.parse import quote


def address(socket, path):
    return "http+unix://" + quote(socket + path, safe="")
