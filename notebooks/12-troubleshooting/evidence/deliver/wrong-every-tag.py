# shows: a push without a tag pushes latest, or the only one
# told: takes all tags of the name along
def deliver(url, name, tag, user, password):
    engine = lab.connect(url)
    headers = {"X-Registry-Auth": login(user, password)}
    answer = engine.post(f"/images/{name}/push", headers=headers)
    return answer.ok and "errorDetail" not in answer.text
