# shows: the data of an app is in its image
# told: both versions mount the same volume
address = f"http://127.0.0.1:{live_port}/"
deploy(engine.url, version_1, LIVE, live_port)
healthy(engine.url, LIVE, 30)
requests.post(address, data=NOTE)
engine.delete(f"/containers/{LIVE}", params={"force": "true"})
engine.delete(f"/volumes/{LIVE}-data")
deploy(engine.url, version_2, LIVE, live_port)
fetch(live_port)
