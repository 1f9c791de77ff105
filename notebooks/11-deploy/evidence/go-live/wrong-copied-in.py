# shows: editing the source changes a running container
# told: A container keeps the image it was made from
address = f"http://127.0.0.1:{live_port}/"
deploy(engine.url, version_1, LIVE, live_port)
healthy(engine.url, LIVE, 30)
requests.post(address, data=NOTE)
edited = fixtures.packed({"app.py": APP.replace('VERSION = "1"', 'VERSION = "2"').encode()})
engine.put(f"/containers/{LIVE}/archive", params={"path": "/app"}, data=edited)
