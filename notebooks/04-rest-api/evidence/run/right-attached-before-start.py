def run(url, image, command):
    client = lab.connect(url).docker()
    return client.containers.run(image, command, remove=True).decode()
