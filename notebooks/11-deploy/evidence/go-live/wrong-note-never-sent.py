# shows: data comes with the image
# told: POST the note
address = f"http://127.0.0.1:{live_port}/"
deploy(engine.url, version_1, LIVE, live_port)
healthy(engine.url, LIVE, 15)
update(engine.url, LIVE, version_2)
