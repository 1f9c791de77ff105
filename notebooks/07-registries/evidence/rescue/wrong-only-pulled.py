# shows: an image that was pulled has whatever name one wishes
# told: give what came the new name
rescued = lab.repository(LESSON, "rescued")
engine.post("/images/create", params={"fromImage": first_pinned}, headers=here.headers)
