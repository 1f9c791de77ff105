import uuid

import requests_unixsocket


def same_daemon(first, second):
    one, other = (
        "http+unix://" + url.removeprefix("unix://").replace("/", "%2F") for url in (first, second)
    )
    name = uuid.uuid4().hex
    requests_unixsocket.post(one + "/v1.41/volumes/create", json={"Name": name})
    status = requests_unixsocket.get(f"{other}/v1.41/volumes/{name}").status_code
    requests_unixsocket.delete(f"{one}/v1.41/volumes/{name}")
    return status == 200
