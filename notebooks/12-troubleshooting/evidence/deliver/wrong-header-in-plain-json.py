# shows: the login is sent as it is
# told: URL-safe base64
def deliver(url, name, tag, user, password):
    headers = {"X-Registry-Auth": json.dumps({"username": user, "password": password})}
    answer = lab.connect(url).post(f"/images/{name}/push", params={"tag": tag}, headers=headers)
    return answer.ok and '"error"' not in answer.text
