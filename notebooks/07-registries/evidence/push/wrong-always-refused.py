# shows: an engine without an error message may have refused all the same
# told: Print what the engine answers to each|The engine has no image called
def push(url, image, target, username, password):
    return False
