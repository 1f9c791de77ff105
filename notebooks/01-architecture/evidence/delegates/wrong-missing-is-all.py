# shows: a field that is there has a value
# told: Components may be null
def delegates(url):
    engine = lab.connect(url)
    found = [each["Name"] for each in engine.get("/version").json().get("Components", [])]
    return sorted(each for each in found if not each.endswith("Engine"))
