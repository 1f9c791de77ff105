def census(url):
    engine = lab.connect(url)
    paths = {
        "images": "/images/json",
        "containers": "/containers/json?all=1",
        "networks": "/networks",
        "volumes": "/volumes",
    }
    found = {}
    for name, path in paths.items():
        answer = engine.get(path).json()
        if isinstance(answer, dict):
            answer = answer["Volumes"]
        found[name] = len(answer) if answer else 0
    return found
