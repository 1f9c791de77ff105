# shows: a container follows the tag of its image
# told: A container keeps the image it was made from
address = f"http://127.0.0.1:{live_port}/"
deploy(engine.url, version_1, LIVE, live_port)
healthy(engine.url, LIVE, 30)
requests.post(address, data=NOTE)
engine.post(f"/containers/{LIVE}/restart", params={"t": 3})
fetch(live_port)
