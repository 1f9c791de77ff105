# shows: a name needs no tag but latest
# told: has not got this name
rescued = lab.repository(LESSON, "rescued")
engine.post("/images/create", params={"fromImage": first_pinned}, headers=here.headers)
engine.post(f"/images/{first_pinned}/tag", params={"repo": rescued})
