# shows: the tag is the one of the example
# told: with the tag as a parameter of its own
def deliver(url, name, tag, user, password):
    engine = lab.connect(url)
    headers = {"X-Registry-Auth": login(user, password)}
    answer = engine.post(f"/images/{name}/push", params={"tag": "1"}, headers=headers)
    return answer.ok and "errorDetail" not in answer.text
