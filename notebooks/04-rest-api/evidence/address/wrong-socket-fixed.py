# shows: every engine's socket is at the same place
# told: both parameters
def address(socket, path):
    return "http+unix://%2Fvar%2Frun%2Fdocker.sock" + path
