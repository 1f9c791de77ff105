import docker


def open_doors(url):
    low = docker.APIClient(base_url=url, version="auto")
    found = set()
    for each in low.containers():
        for port in each["Ports"]:
            if port.get("PublicPort") and port["IP"] not in ["127.0.0.1", "::1"]:
                found.add((each["Names"][0].removeprefix("/"), port["PublicPort"]))
    low.close()
    return sorted(found)
