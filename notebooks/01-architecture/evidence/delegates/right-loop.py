def delegates(url):
    found = []
    components = lab.connect(url).get("/version").json().get("Components")
    if components is None:
        return found
    for part in components:
        if part["Name"].split()[-1] != "Engine":
            found.append(part["Name"])
    found.sort()
    return found
