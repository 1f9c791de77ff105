def helpers(url):
    client = lab.connect(url).docker()
    info = client.info()
    client.close()
    plugins = info["Plugins"]
    networks, volumes = (sorted(plugins[kind]) for kind in ("Network", "Volume"))
    return {"volumes": volumes, "networks": networks, "storage": info["Driver"]}
