# shows: there is one socket only, always at the same place
# told: both parameters
def address(socket, path):
    return "http+unix://%2Fvar%2Frun%2Fdocker.sock/_ping"
