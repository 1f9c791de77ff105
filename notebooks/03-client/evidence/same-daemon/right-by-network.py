import secrets


def same_daemon(first, second):
    one, other = lab.connect(first), lab.connect(second)
    name = "mark-" + secrets.token_hex(12)
    made = one.post("/networks/create", json={"Name": name, "Labels": lab.labels(LESSON)}).json()
    try:
        return other.get("/networks/" + made["Id"]).status_code == 200
    finally:
        one.delete("/networks/" + made["Id"])
