# shows: the slash is the only character with a meaning of its own
# told: every special character
def address(socket, path):
    return "http+unix://" + socket.replace("/", "%2F") + path
