def deliver(url, name, tag, user, password):
    who = json.dumps({"password": password, "username": user})
    answer = lab.connect(url).post(
        f"/images/{name}/push?tag={tag}",
        headers={"X-Registry-Auth": base64.urlsafe_b64encode(who.encode())},
        stream=True,
    )
    return not any(json.loads(line).get("error") for line in answer.iter_lines())
