# shows: a failure is known by the word error
# told: other lines may hold the word error
def deliver(url, name, tag, user, password):
    engine = lab.connect(url)
    headers = {"X-Registry-Auth": login(user, password)}
    answer = engine.post(f"/images/{name}/push", params={"tag": tag}, headers=headers)
    return "error" not in answer.text
