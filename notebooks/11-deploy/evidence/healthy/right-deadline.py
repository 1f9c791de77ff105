def healthy(url, name, seconds):
    until = time.time() + seconds
    with lab.connect(url) as session:
        while True:
            state = session.get(f"/containers/{name}/json").json()["State"]
            status = (state.get("Health") or {}).get("Status", "starting")
            if status != "starting" or not state["Running"] or time.time() > until:
                return bool(status == "healthy" and state["Running"])
            time.sleep(0.05)
