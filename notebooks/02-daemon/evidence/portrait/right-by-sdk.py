def portrait(url):
    client = lab.connect(url).docker()
    try:
        info, version = client.info(), client.version()
    finally:
        client.close()
    return {
        "api": version["ApiVersion"],
        "driver": info["Driver"],
        "images": info["Images"],
        "running": info["ContainersRunning"],
        "idle": info["Containers"] - info["ContainersRunning"],
    }
