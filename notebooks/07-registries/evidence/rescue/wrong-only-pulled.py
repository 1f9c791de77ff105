# shows: an image that was pulled has whatever name one wishes
# told: has not got this name
rescued = lab.repository(LESSON, "rescued")
engine.post("/images/create", params={"fromImage": first_pinned}, headers=here.headers)
