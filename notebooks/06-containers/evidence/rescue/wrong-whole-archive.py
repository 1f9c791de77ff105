# shows: a file comes as it is
# told: open it with tarfile
def rescue(url, name, path):
    engine = lab.connect(url)
    answer = engine.get(f"/containers/{name}/archive", params={"path": path})
    answer.raise_for_status()
    engine.delete(f"/containers/{name}").raise_for_status()
    return answer.content
