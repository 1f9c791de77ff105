import docker


def helpers(url):
    told = docker.APIClient(base_url=url, version="auto").info()
    return {
        "storage": told["Driver"],
        "networks": sorted(told["Plugins"]["Network"]),
        "volumes": sorted(told["Plugins"]["Volume"]),
    }
