# shows: nothing to return is nothing returned
# told: without a `return`
def delegates(url):
    engine = lab.connect(url)
    parts = engine.get("/version").json().get("Components")
    if parts:
        return sorted(each["Name"] for each in parts if not each["Name"].endswith("Engine"))
