# shows: who has no health yet will have one
# told: Return at once
def healthy(url, name, seconds):
    engine = lab.connect(url)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = engine.get(f"/containers/{name}/json").json()["State"]
        health = state.get("Health", {}).get("Status")
        if health == "healthy":
            return True
        if health == "unhealthy":
            return False
        time.sleep(0.1)
    return False
