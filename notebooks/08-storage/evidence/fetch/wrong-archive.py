# shows: what GET …/archive sends is the file
# told: That is the tar archive
def fetch(url, volume, path):
    engine = lab.connect(url)
    body = {"Image": "busybox", "HostConfig": {"Binds": [f"{volume}:/in"]}}
    helper = engine.post("/containers/create", json=body).json()["Id"]
    answer = engine.get(f"/containers/{helper}/archive", params={"path": f"/in/{path}"})
    engine.delete(f"/containers/{helper}")
    return answer.content
