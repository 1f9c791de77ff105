def healthy(url, name, seconds):
    import docker

    low = docker.APIClient(base_url=url, version="auto")
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            state = low.inspect_container(name)["State"]
            if not state["Running"]:
                return False
            health = (state.get("Health") or {}).get("Status")
            if health in ("healthy", "unhealthy"):
                return health == "healthy"
            time.sleep(0.1)
        return False
    finally:
        low.close()
