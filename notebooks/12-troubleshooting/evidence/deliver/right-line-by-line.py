def deliver(url, name, tag, user, password):
    who = json.dumps({"password": password, "username": user, "serveraddress": name.split("/")[0]})
    answer = lab.connect(url).post(
        f"/images/{name}/push?tag={tag}",
        headers={"X-Registry-Auth": base64.urlsafe_b64encode(who.encode()).decode()},
        stream=True,
    )
    arrived = answer.status_code == 200
    for line in answer.iter_lines():
        if line and json.loads(line).get("error"):
            arrived = False
    return arrived
