# shows: a name is found by a part of it
# told: Compare whole names
def exists(url, name):
    engine = lab.connect(url)
    answer = engine.get("/containers/json", params={"all": "true"})
    answer.raise_for_status()
    return any(name in each["Names"][0] for each in answer.json())
