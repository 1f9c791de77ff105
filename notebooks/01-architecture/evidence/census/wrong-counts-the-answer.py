# shows: every answer of the API is a list
# told: answers with a dictionary
def census(url):
    engine = lab.connect(url)
    paths = ["images/json", "containers/json?all=true", "networks", "volumes"]
    return {path.split("/")[0]: len(engine.get(f"/{path}").json()) for path in paths}
