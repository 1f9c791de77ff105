import docker


def portrait(url):
    low = docker.APIClient(base_url=url, version="auto")
    info = low.info()
    found = {"driver": info["Driver"], "images": info["Images"], "api": low.version()["ApiVersion"]}
    found["running"] = info["ContainersRunning"]
    found["idle"] = len(low.containers(all=True)) - found["running"]
    return found
