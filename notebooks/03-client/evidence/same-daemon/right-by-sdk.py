import uuid

from docker.errors import NotFound


def same_daemon(first, second):
    one, other = docker.DockerClient(base_url=first), docker.DockerClient(base_url=second)
    volume = one.volumes.create(str(uuid.uuid4()), labels=lab.labels(LESSON))
    try:
        other.volumes.get(volume.name)
        return True
    except NotFound:
        return False
    finally:
        volume.remove()
        one.close()
        other.close()
