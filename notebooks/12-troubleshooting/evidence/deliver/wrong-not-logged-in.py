# shows: the engine knows by itself who is pushing
# told: has not logged in
def deliver(url, name, tag, user, password):
    engine = lab.connect(url)
    engine.post("/auth", json={"username": user, "password": password})
    who = {"X-Registry-Auth": base64.urlsafe_b64encode(b"{}").decode()}
    answer = engine.post(f"/images/{name}/push", params={"tag": tag}, headers=who)
    return answer.ok and '"error"' not in answer.text
