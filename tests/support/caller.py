"""Requests to one engine in one API version, and the steps that tests of networks and volumes
repeat: run a container, run another process in it."""

import json
import time
from typing import Any

import requests

from tests.support.engines import Engine
from tests.support.versions import NEWEST

SLEEP = ("sleep", "1000")


class Caller:
    def __init__(self, engine: Engine, version: str = NEWEST) -> None:
        self.engine = engine
        self.version = version

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Send a request; `body` is sent as JSON, `options` are those of requests."""
        if body is not None:
            options["json"] = body
        return self.engine.request(method, f"/v{self.version}{path}", **options)

    def good(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Return the answer's JSON, else its bytes; an error status fails the test."""
        answer = self.call(method, path, body, **options)
        assert answer.ok, answer.text
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return answer.json() if is_json else answer.content

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        answer = self.call(method, path, body, **options)
        return answer.status_code, answer.json()["message"]

    def create(self, *command: str, name: str = "", **fields: Any) -> str:
        body = {"Image": "busybox", "Cmd": list(command or SLEEP), **fields}
        return str(self.good("POST", f"/containers/create?name={name}", body)["Id"])

    def start(self, *command: str, name: str = "", **fields: Any) -> str:
        made = self.create(*command, name=name, **fields)
        self.good("POST", f"/containers/{made}/start")
        return made

    def stop(self, container: str) -> None:
        self.good("POST", f"/containers/{container}/stop?t=0")

    def remove(self, container: str, volumes: bool = False) -> None:
        self.good("DELETE", f"/containers/{container}?force=1&v={int(volumes)}")

    def exec(self, container: str, *command: str) -> tuple[int, str]:
        """Run a process in a container; returns its exit code and output (stdout and stderr)."""
        body = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True, "Tty": True}
        made = self.good("POST", f"/containers/{container}/exec", body)["Id"]
        text = self.good("POST", f"/exec/{made}/start", {"Tty": True})
        code = self.good("GET", f"/exec/{made}/json")["ExitCode"]
        return code, text.decode().replace("\r\n", "\n")

    def output(self, *command: str, **fields: Any) -> str:
        """Run a new container to its end and remove it; returns its terminal output."""
        made = self.start(*command, Tty=True, **fields)
        self.good("POST", f"/containers/{made}/wait")
        text = self.good("GET", f"/containers/{made}/logs?stdout=1").decode()
        self.remove(made)
        return str(text).replace("\r\n", "\n")

    def settings(self, container: str) -> Any:
        return self.good("GET", f"/containers/{container}/json")["NetworkSettings"]

    def network(self, name: str, **fields: Any) -> str:
        return str(self.good("POST", "/networks/create", {"Name": name, **fields})["Id"])

    def serve(self, text: str, port: int = 80, **fields: Any) -> str:
        """Start a container whose web server answers `text`, and wait until it listens."""
        script = f"mkdir /w; echo {text} > /w/index.html; exec httpd -f -p {port} -h /w"
        made = self.start("sh", "-c", script, **fields)
        awaited = f"until wget -qO /dev/null 127.0.0.1:{port}; do sleep 0.02; done"
        code, said = self.exec(made, "timeout", "10", "sh", "-c", awaited + " 2>/dev/null")
        assert code == 0, said
        return made

    def events(self, kind: str, since: float) -> list[Any]:
        filters = json.dumps({"type": [kind]})
        path = f"/events?since={since:.9f}&until={time.time():.9f}&filters={filters}"
        return [json.loads(line) for line in self.good_lines(path)]

    def good_lines(self, path: str) -> list[str]:
        answer = self.call("GET", path)
        assert answer.ok, answer.text
        return answer.text.splitlines()
