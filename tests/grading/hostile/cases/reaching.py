"""Reaching out: services of the host must not be reached, whatever answers there."""

from tests.grading.hostile.case import Case

TCP = """\
import socket
for address in ("127.0.0.1", "localhost", "::1"):
    try:
        with socket.create_connection((address, @PORT@), 1) as service:
            service.sendall(b"canary-was-here\\n")
    except OSError: pass
"""


def reaching(name: str, source: str) -> Case:
    return Case(name, "reaching out", {"double": source})


CASES = [
    reaching("loopback", TCP),
    reaching("loopback-in-call", "def double(value):\n    " + TCP.replace("\n", "\n    ")),
    reaching(
        "loopback-by-requests",
        "import requests\ntry: requests.get('http://127.0.0.1:@PORT@/canary-was-here', timeout=1)\nexcept OSError: pass",
    ),
    reaching(
        "loopback-by-shell",
        "import subprocess\nsubprocess.run(['bash', '-c', 'echo canary-was-here > /dev/tcp/127.0.0.1/@PORT@'], capture_output=True)",
    ),
    reaching(
        "host-address",
        "import socket\ntry:\n    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n    own.connect(('192.0.2.1', 9))\n"
        "    socket.create_connection((own.getsockname()[0], @PORT@), 1).sendall(b'canary-was-here')\nexcept OSError: pass",
    ),
    reaching(
        "docker-socket",
        "import socket\ntry:\n    door = socket.socket(socket.AF_UNIX)\n    door.connect('@SOCKET@')\n    door.sendall(b'GET /canary-was-here HTTP/1.0\\r\\n\\r\\n')\nexcept OSError: pass",
    ),
    reaching(
        "abstract-socket",
        "import socket\ntry:\n    door = socket.socket(socket.AF_UNIX)\n    door.connect('\\0@ABSTRACT@')\n    door.sendall(b'canary-was-here')\nexcept OSError: pass",
    ),
    reaching(
        "by-datagram",
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'canary-was-here', ('127.0.0.1', @PORT@))",
    ),
]
