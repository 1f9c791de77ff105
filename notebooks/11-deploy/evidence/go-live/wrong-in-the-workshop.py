# shows: it does not matter on which engine one deploys
# told: deploy\(\) it on engine.url
deploy(workshop.url, f"{small}:1", "check-elsewhere", registries.free_port())
workshop.delete("/containers/check-elsewhere", params={"force": "true"})
