# shows: there is one base64
# told: URL-safe base64
def deliver(url, name, tag, user, password):
    engine = lab.connect(url)
    who = json.dumps({"username": user, "password": password}).encode()
    headers = {"X-Registry-Auth": base64.b64encode(who).decode()}
    answer = engine.post(f"/images/{name}/push", params={"tag": tag}, headers=headers)
    return answer.ok and "errorDetail" not in answer.text
