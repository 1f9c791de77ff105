rescued = lab.repository(LESSON, "rescued")
sdk = engine.docker()
login = {"username": USER, "password": PASSWORD}
image = sdk.images.pull(f"{host}/{repository}", tag=first_digest, auth_config=login)
image.tag(rescued, "v1")
sdk.close()
