def retire(url, image):
    client = lab.connect(url).docker()
    try:
        wanted = client.images.get(image).id
        for container in client.containers.list(all=True):
            if container.attrs["Image"] == wanted:
                container.remove(force=True)
        client.images.remove(image)
    finally:
        client.close()
