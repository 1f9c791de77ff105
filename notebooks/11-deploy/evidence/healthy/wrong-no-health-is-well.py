# shows: without a check nothing is wrong
# told: Running is not healthy
def healthy(url, name, seconds):
    engine = lab.connect(url)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = engine.get(f"/containers/{name}/json").json()["State"]
        health = state.get("Health", {}).get("Status")
        if health in ("healthy", None):
            return True
        if health == "unhealthy" or state["Status"] != "running":
            return False
        time.sleep(0.1)
    return False
