# shows: the user is the one of the example
# told: whom you were handed has not logged in
def deliver(url, name, tag, user, password):
    engine = lab.connect(url)
    headers = {"X-Registry-Auth": login("visitor", "sesame")}
    answer = engine.post(f"/images/{name}/push", params={"tag": tag}, headers=headers)
    return answer.ok and "errorDetail" not in answer.text
