# shows: a component is its name
# told: Only their names are asked for
def delegates(url):
    engine = lab.connect(url)
    parts = engine.get("/version").json().get("Components") or []
    others = [each for each in parts if not each["Name"].endswith("Engine")]
    return sorted(others, key=lambda each: each["Name"])
