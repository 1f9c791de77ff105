rescued = lab.repository(LESSON, "rescued")
who = {"X-Registry-Auth": login_header(USER, PASSWORD, host)}
engine.post(
    f"/images/create?fromImage={host}/{repository}&tag={first_digest}", headers=who
).raise_for_status()
identity = engine.get(f"/images/{first_pinned}/json").json()["Id"]
engine.post(f"/images/{identity}/tag?repo={rescued}&tag=v1").raise_for_status()
