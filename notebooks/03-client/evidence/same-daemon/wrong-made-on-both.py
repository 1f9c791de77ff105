# shows: a volume of one name is one volume, wherever it is
# told: only look alike
import uuid


def same_daemon(first, second):
    one, other = lab.connect(first), lab.connect(second)
    name = f"mark-{uuid.uuid4().hex}"
    for each in (one, other):
        each.post("/volumes/create", json={"Name": name, "Labels": lab.labels(LESSON)})
    found = other.get(f"/volumes/{name}").ok
    for each in (one, other):
        each.delete(f"/volumes/{name}")
    return found
