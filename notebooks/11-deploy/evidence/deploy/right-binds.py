def deploy(url, image, name, port):
    session = lab.connect(url)
    mark = lab.labels(LESSON)
    session.post("/volumes/create", json={"Labels": mark, "Name": name + "-data"})
    host = {
        "Binds": [name + "-data:/data"],
        "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
        "PortBindings": {f"{port}/tcp": [{"HostPort": f"{port}", "HostIp": "127.0.0.1"}]},
    }
    body = {"HostConfig": host, "Labels": mark, "Env": ["PORT=%d" % port], "Image": image}
    body["ExposedPorts"] = {f"{port}/tcp": {}}
    answer = session.post(f"/containers/create?name={name}", json=body)
    answer.raise_for_status()
    session.post("/containers/" + answer.json()["Id"] + "/start").raise_for_status()
    return answer.json()["Id"]
