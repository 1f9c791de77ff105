import docker


def holders(url, name):
    low = docker.APIClient(base_url=url, version="auto")
    image = low.inspect_image(name)["Id"]
    found = [each for each in low.containers(all=True) if each["ImageID"] == image]
    return sorted(each["Names"][0].strip("/") for each in found)
