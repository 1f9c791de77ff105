# shows: the engine finds the app by its port
# told: under the name in LIVE
address = f"http://127.0.0.1:{live_port}/"
deploy(engine.url, version_1, "my-notes", live_port)
healthy(engine.url, "my-notes", 15)
requests.post(address, data=NOTE)
update(engine.url, "my-notes", version_2)
