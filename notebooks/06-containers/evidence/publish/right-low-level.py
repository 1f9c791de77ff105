import docker


def publish(url, name, image, command, port):
    low = docker.APIClient(base_url=url, version="auto")
    limits = low.create_host_config(port_bindings={port: ("127.0.0.1",)})
    made = low.create_container(image, command, name=name, ports=[port], host_config=limits)
    low.start(made)
    return f"http://127.0.0.1:{low.port(made, port)[0]['HostPort']}/"
