def changed(url, name):
    listed = lab.connect(url).get(f"/containers/{name}/changes").json()
    every = sorted((each["Kind"], each["Path"]) for each in listed) if listed else []
    return {
        "deleted": [path for kind, path in every if kind == 2],
        "added": [path for kind, path in every if kind == 1],
        "changed": [path for kind, path in every if kind == 0],
    }
