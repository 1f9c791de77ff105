# shows: every container has a health
# told: has no entry Health
def healthy(url, name, seconds):
    engine = lab.connect(url)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = engine.get(f"/containers/{name}/json").json()["State"]
        health = state["Health"]["Status"]
        if health == "healthy":
            return True
        if health == "unhealthy" or state["Status"] != "running":
            return False
        time.sleep(0.1)
    return False
