"""A process that owns a runtime and executes a test's commands: one JSON line per command and
per answer.

An ordinary user runs it. It is a separate process, since choosing the runtime `namespaces` changes
the choosing process permanently.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from insidedocker_engine.runtime import choice
from insidedocker_engine.runtime.contract import (
    Endpoint,
    Mount,
    NetworkError,
    ProcessSpec,
    Runtime,
    SandboxSpec,
    StartError,
    Unavailable,
    User,
)


class Driver:
    def __init__(self, chosen: Runtime) -> None:
        self.runtime = chosen
        self.processes: list[Any] = []
        self.outputs: list[dict[str, bytearray]] = []
        self.readers: list[list[asyncio.Task[None]]] = []
        self.news = asyncio.Condition()

    async def start(self, sandbox: dict[str, Any], process: dict[str, Any]) -> dict[str, Any]:
        mounts = [
            Mount(**{**each, "source": Path(each["source"]) if each.get("source") else None})
            for each in sandbox.pop("mounts", [])
        ]
        endpoints = [Endpoint(**each) for each in sandbox.pop("endpoints", [])]
        sandbox["rootfs"] = Path(sandbox["rootfs"])
        sandbox["ulimits"] = [tuple(each) for each in sandbox.pop("ulimits", [])]
        spec = SandboxSpec(**sandbox, mounts=mounts, endpoints=endpoints)
        return await self._started(self.runtime.start(spec, _process(process)))

    async def exec(self, container: str, process: dict[str, Any]) -> dict[str, Any]:
        return await self._started(self.runtime.exec(container, _process(process)))

    async def _started(self, starting: Any) -> dict[str, Any]:
        try:
            process = await starting
        except StartError as error:
            return {"refused": str(error), "code": error.exit_code}
        self.processes.append(process)
        output = {"stdout": bytearray(), "stderr": bytearray()}
        self.outputs.append(output)
        streams = [(process.stdout, output["stdout"]), (process.stderr, output["stderr"])]
        self.readers.append(
            [asyncio.ensure_future(self._read(*stream)) for stream in streams if stream[0]]
        )
        return {"handle": len(self.processes) - 1, "pid": process.pid}

    async def _read(self, descriptor: int, into: bytearray) -> None:
        while True:
            try:
                data = await asyncio.to_thread(os.read, descriptor, 1 << 16)
            except OSError:  # a terminal whose other side has ended
                data = b""
            if not data:
                os.close(descriptor)
                return
            into += data
            async with self.news:
                self.news.notify_all()

    async def wait(self, handle: int) -> dict[str, Any]:
        ended = await self.processes[handle].wait()
        await asyncio.gather(*self.readers[handle])
        output = self.outputs[handle]
        return {"code": ended.code} | {name: raw.decode() for name, raw in output.items()}

    async def ended(self, handle: int) -> int:
        return (await self.processes[handle].wait()).code

    async def see(self, handle: int, text: str) -> str:
        """Wait until standard output contains `text`."""
        output = self.outputs[handle]["stdout"]
        async with self.news:
            await self.news.wait_for(lambda: text.encode() in output)
        return output.decode()

    async def write(self, handle: int, text: str) -> None:
        os.write(self.processes[handle].stdin, text.encode())

    async def close_input(self, handle: int) -> None:
        os.close(self.processes[handle].stdin)

    async def kill(self, handle: int, number: int) -> bool:
        try:
            self.processes[handle].kill(number)
        except ProcessLookupError:
            return False
        return True

    async def resize(self, handle: int, rows: int, columns: int) -> None:
        self.processes[handle].resize(rows, columns)

    async def pids(self, container: str) -> list[int]:
        return self.runtime.processes(container)

    async def call(self, name: str, arguments: list[Any]) -> str | None:
        """Call a runtime's method without result; returns a NetworkError's text, or None."""
        try:
            await getattr(self.runtime, name)(*arguments)
        except NetworkError as error:
            return str(error)
        return None

    async def endpoint(self, container: str, endpoint: dict[str, Any]) -> None:
        await self.runtime.attach(container, Endpoint(**endpoint))

    async def fetch(self, container: str | None, kind: int, address: list[Any]) -> str:
        """Return the first data that a server at `address` sends, by a socket of the runtime."""
        connection = await self.runtime.open_socket(container, kind)
        loop = asyncio.get_running_loop()
        with connection:
            await loop.sock_connect(connection, tuple(address))
            return (await loop.sock_recv(connection, 1 << 16)).decode()

    async def about(self) -> dict[str, Any]:
        chosen = self.runtime
        launcher = chosen._client.launcher  # type: ignore[attr-defined]
        return {"name": chosen.name, "why": chosen.why, "launcher": launcher} | {
            "isolation": vars(chosen.isolation)
        }


def _process(process: dict[str, Any]) -> ProcessSpec:
    user = User(*process.pop("user", [0, 0]))
    capabilities = process.pop("capabilities", None)
    granted = None if capabilities is None else frozenset(capabilities)
    return ProcessSpec(**process, user=user, capabilities=granted)


async def main(chosen: Runtime) -> None:
    driver = Driver(chosen)
    # An inheritable descriptor: tests check that it does not leak into containers.
    os.set_inheritable(os.open("/etc/passwd", os.O_RDONLY), True)
    await chosen.open()
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    print(json.dumps({"value": "ready"}), flush=True)
    while line := await commands.readline():
        command = json.loads(line)
        try:
            value = await getattr(driver, command["do"])(**command["with"])
            answer = {"value": value}
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)
    await chosen.close()


if __name__ == "__main__":
    try:
        found = choice.choose(sys.argv[1])
    except Unavailable as error:
        print(json.dumps({"unavailable": str(error)}), flush=True)
        sys.exit(1)
    asyncio.run(main(found))
