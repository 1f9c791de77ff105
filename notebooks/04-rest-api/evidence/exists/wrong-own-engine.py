# shows: there is only one engine, that of the notebook
# told: asked another engine
def exists(url, name):
    answer = globals()["engine"].get(f"/containers/{name}/json")
    if answer.status_code == 404:
        return False
    answer.raise_for_status()
    return True
