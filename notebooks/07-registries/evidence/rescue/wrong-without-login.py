# shows: who knows the digest needs no password
# told: is not on the engine
rescued = lab.repository(LESSON, "rescued")
engine.post("/images/create", params={"fromImage": first_pinned})
engine.post(f"/images/{first_pinned}/tag", params={"repo": rescued, "tag": "v1"})
