# shows: the tag still names what it named before
# told: Pull the first one by its digest
rescued = lab.repository(LESSON, "rescued")
name = f"{host}/{repository}"
engine.post("/images/create", params={"fromImage": name, "tag": "v1"}, headers=here.headers)
engine.post(f"/images/{name}:v1/tag", params={"repo": rescued, "tag": "v1"})
