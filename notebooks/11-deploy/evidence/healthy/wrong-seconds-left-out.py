# shows: what waits long enough gets an answer
# told: are the limit
def healthy(url, name, seconds):
    engine = lab.connect(url)
    end = time.monotonic() + 12
    while time.monotonic() < end:
        state = engine.get(f"/containers/{name}/json").json()["State"]
        health = state.get("Health", {}).get("Status")
        if health == "healthy":
            return True
        if health == "unhealthy" or state["Status"] != "running":
            return False
        time.sleep(0.1)
    return False
