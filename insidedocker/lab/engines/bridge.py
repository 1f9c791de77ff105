"""A socket of this machine that leads to an engine behind TLS or ssh.

Every client then speaks to that engine as to a local one: requests, the SDK, the tap, curl. The
socket is gone with this process.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import shutil
import socket
import ssl
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from insidedocker.lab.errors import NoEngine
from insidedocker_engine.host.linux import short_temporary
from insidedocker_engine.recording.proxy import loop_in_thread

DIAL_SECONDS = 10.0
PIECE = 1 << 16
Dial = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
"""Connects a client here, by its streams, with the engine until both have ended."""
_trouble: dict[str, str] = {}
"""Address of a socket here -> why the way to its engine failed last."""


@dataclass(frozen=True)
class TLS:
    """How an engine is to be reached over TLS; `folder` may hold ca.pem, cert.pem and key.pem."""

    folder: Path
    verify: bool = True

    def context(self) -> ssl.SSLContext:
        """Raises OSError (also ssl.SSLError) where a file is not what it should be."""
        ca, cert, key = (self.folder / f"{name}.pem" for name in ("ca", "cert", "key"))
        made = ssl.create_default_context(cafile=str(ca) if ca.exists() else None)
        if not self.verify:
            made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        if cert.exists() and key.exists():
            made.load_cert_chain(cert, key)
        return made


def trouble(url: str) -> str:
    """Why the way from the socket `url` to its engine failed; empty for any other address."""
    return _trouble.get(url, "")


@functools.cache
def local(url: str, tls: TLS | None = None) -> str:
    """The address on this machine that leads to the engine at `url`: `url` itself where it is
    neither ssh:// nor behind `tls`. Raises NoEngine."""
    if url.startswith("ssh://"):
        command = _ssh(url)
        return _listening(functools.partial(_by_program, command))
    if tls is None:
        return url
    try:
        context = tls.context()
    except OSError as error:
        raise NoEngine(f"the TLS files in {tls.folder} cannot be used ({error})") from None
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 2376
    return _listening(functools.partial(_by_tls, host, port, context))


def _ssh(url: str) -> list[str]:
    """The command that the docker CLI runs for such an address: each run is one connection."""
    parts = urlsplit(url)
    if not parts.hostname or parts.path.strip("/") or parts.hostname.startswith("-"):
        raise NoEngine(
            "only ssh://USER@HOST:PORT can be used, which runs `docker` there; for a socket there, "
            f"run `ssh -nNT -L /tmp/engine.sock:{parts.path or '/SOCKET'} {parts.netloc or 'HOST'}`"
            " and set DOCKER_HOST=unix:///tmp/engine.sock"
        )
    if shutil.which("ssh") is None:
        raise NoEngine("the program ssh is not on this machine")
    options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={DIAL_SECONDS:.0f}", "-T"]
    options += ["-l", parts.username] if parts.username else []
    options += ["-p", str(parts.port)] if parts.port else []
    return ["ssh", *options, "--", parts.hostname, "docker", "system", "dial-stdio"]


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(loop_in_thread("engine bridge"))


def _listening(dial: Dial) -> str:
    folder = tempfile.mkdtemp(prefix="inside-docker-", dir=short_temporary())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = f"{folder}/engine.sock"
    url = f"unix://{place}"

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await dial(reader, writer)
            _trouble.pop(url, None)
        except OSError as error:  # also ssl.SSLError and TimeoutError
            _trouble[url] = str(error) or "it did not answer in time"
        finally:
            writer.close()

    start = asyncio.start_unix_server(lead, place)
    asyncio.run_coroutine_threadsafe(start, _loop()).result()
    return url


async def _by_tls(
    host: str,
    port: int,
    context: ssl.SSLContext,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    theirs, ours = await asyncio.wait_for(
        asyncio.open_connection(host, port, ssl=context), DIAL_SECONDS
    )
    ours.transport.set_write_buffer_limits(high=0)  # so that drain() waits for all of it

    def ended() -> None:
        # TLS has no end of one direction: the connection below it does, and the engine hears it.
        with contextlib.suppress(OSError):
            ours.get_extra_info("socket").shutdown(socket.SHUT_WR)

    try:
        await _join(reader, writer, theirs, ours, ended)
    finally:
        ours.close()


async def _by_program(
    command: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin and process.stdout and process.stderr
    try:
        end_input = process.stdin.close
        if not await _join(reader, writer, process.stdout, process.stdin, end_input):
            said = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
            raise OSError(said[-1] if said else f"{command[0]} ended without a word")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    theirs: asyncio.StreamReader,
    ours: asyncio.StreamWriter,
    ended: Callable[[], None],
) -> int:
    """Pass on both ways until the engine's side has ended, and call `ended` where the client's
    has; returns the number of bytes that came from the engine."""
    sending = asyncio.ensure_future(_pump(reader, ours, ended))
    try:
        return await _pump(theirs, writer)
    finally:
        sending.cancel()


async def _pump(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    ended: Callable[[], None] = lambda: None,
) -> int:
    """Pass on what comes until it ends; returns the number of bytes."""
    passed = 0
    with contextlib.suppress(ConnectionError):
        while data := await source.read(PIECE):
            passed += len(data)
            sink.write(data)
            await sink.drain()
        ended()
    return passed
