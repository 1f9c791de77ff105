import urllib.request

address = f"http://127.0.0.1:{live_port}/"
identity = deploy(engine.url, version_1, LIVE, live_port)
while not fetch(live_port):
    time.sleep(0.1)
with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
    address, data=NOTE.encode()
) as answer:
    print(answer.status)
print(update(engine.url, LIVE, version_2))
