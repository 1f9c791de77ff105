# shows: what was rescued need not stay
# told: is not on the engine
rescued = lab.repository(LESSON, "rescued")
engine.post("/images/create", params={"fromImage": first_pinned}, headers=here.headers)
engine.post(f"/images/{first_pinned}/tag", params={"repo": rescued, "tag": "v1"})
engine.delete(f"/images/{rescued}:v1")
engine.delete(f"/images/{first_pinned}")
