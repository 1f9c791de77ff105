# shows: what a client made goes when the client ends
# told: Remove what you made
import uuid


def same_daemon(first, second):
    one, other = lab.connect(first), lab.connect(second)
    name = f"mark-{uuid.uuid4().hex}"
    one.post("/volumes/create", json={"Name": name, "Labels": lab.labels(LESSON)})
    one.close()
    return other.get(f"/volumes/{name}").ok
