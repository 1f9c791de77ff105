# shows: the engine is a web server on the network
# told: starts with http\+unix://
from urllib.parse import quote


def address(socket, path):
    return "http://" + quote(socket, safe="") + path
