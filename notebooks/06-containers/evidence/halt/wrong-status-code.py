# shows: the status of the request is the exit code of the program
# told: status code of the request
def halt(url, name, seconds):
    engine = lab.connect(url)
    return engine.post(f"/containers/{name}/stop", params={"t": seconds}).status_code
