# shows: health is known as soon as a container runs
# told: is not unhealthy: its status is starting
def healthy(url, name, seconds):
    engine = lab.connect(url)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = engine.get(f"/containers/{name}/json").json()["State"]
        health = state.get("Health", {}).get("Status")
        if health == "healthy":
            return True
        if health == "unhealthy" or state["Status"] != "running":
            return False
        return False
    return False
