# shows: where an image goes is a matter of the login, not of its name
# told: address stands in front of the name
def deliver(url, name, tag, user, password):
    engine = lab.connect(url)
    host, _, rest = name.partition("/")
    who = {"username": user, "password": password, "serveraddress": host}
    headers = {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(who).encode()).decode()}
    answer = engine.post(f"/images/{rest}/push", params={"tag": tag}, headers=headers)
    return answer.ok and "errorDetail" not in answer.text
