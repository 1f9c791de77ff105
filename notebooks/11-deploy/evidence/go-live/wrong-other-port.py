# shows: the app tells the engine where it serves
# told: deploy\(\) it at live_port
address = f"http://127.0.0.1:{live_port}/"
deploy(engine.url, version_1, LIVE, registries.free_port())
healthy(engine.url, LIVE, 15)
requests.post(address, data=NOTE)
update(engine.url, LIVE, version_2)
