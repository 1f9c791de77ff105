import docker

rescued = lab.repository(LESSON, "rescued")
low = docker.APIClient(base_url=engine.url, version="auto")
low.pull(f"{host}/{repository}@{first_digest}", auth_config=dict(username=USER, password=PASSWORD))
low.tag(first_pinned, rescued, "v1")
low.close()
