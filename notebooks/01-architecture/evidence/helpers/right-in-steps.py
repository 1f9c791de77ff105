def helpers(url):
    info = lab.connect(url).get("/info").json()
    found = {"storage": info["Driver"]}
    for ours, theirs in (("networks", "Network"), ("volumes", "Volume")):
        names = list(info["Plugins"][theirs])
        names.sort()
        found[ours] = names
    return found
