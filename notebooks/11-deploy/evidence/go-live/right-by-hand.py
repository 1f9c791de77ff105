address = f"http://127.0.0.1:{live_port}/"
deploy(engine.url, version_1, LIVE, live_port)
assert healthy(engine.url, LIVE, 30)
requests.post(address, data=NOTE).raise_for_status()
engine.delete(f"/containers/{LIVE}", params={"force": "true"})
deploy(engine.url, version_2, LIVE, live_port)
healthy(engine.url, LIVE, 30)
