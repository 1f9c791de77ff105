# shows: the newest version is the one that serves
# told: Call update\(\) with version_2
address = f"http://127.0.0.1:{live_port}/"
deploy(engine.url, version_1, LIVE, live_port)
healthy(engine.url, LIVE, 15)
requests.post(address, data=NOTE)
