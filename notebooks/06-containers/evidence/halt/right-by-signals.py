def halt(url, name, seconds):
    engine = lab.connect(url)
    engine.post(f"/containers/{name}/kill?signal=SIGTERM").raise_for_status()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        facts = engine.get(f"/containers/{name}/json").json()["State"]
        if not facts["Running"]:
            return facts["ExitCode"]
        time.sleep(0.1)
    engine.post(f"/containers/{name}/kill")
    return engine.post(f"/containers/{name}/wait").json()["StatusCode"]
