"""The addresses an engine listens on: parse them, bind their sockets and remove them again."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..base import paths

if TYPE_CHECKING:
    from .http import Server


class AddressError(Exception):
    """An address cannot be used; the text is one sentence that says what to do."""


class Address(Protocol):
    """One `--host`, bound before the event loop starts and served within it."""

    def prepare(self) -> None:
        """Bind the address. Raises AddressError or PathError where that is impossible."""

    async def listen(self, server: Server) -> str:
        """Let `server` accept connections; returns the URL for clients."""

    def remove(self) -> None:
        """Remove the socket."""


def parse(url: str, insecure: bool = False) -> Address:
    """Parse `url`; `insecure` allows TCP beyond loopback. Raises AddressError or PathError."""
    if url.startswith("unix://"):
        return UnixAddress(paths.socket_path(url))
    match = re.fullmatch(r"tcp://(\[[0-9a-fA-F:]+\]|[^:/\[\]]+):(\d{1,5})/?", url)
    if match is None or int(match[2]) > 65535:
        raise AddressError(f"{url!r} is not an address: write unix:///path or tcp://127.0.0.1:port")
    host = match[1].strip("[]")
    if not insecure and not _is_loopback(host):
        raise AddressError(
            f"{url} can be reached by others, and whoever reaches it acts as you: "
            "use tcp://127.0.0.1:port, or add --insecure-tcp if you mean it"
        )
    return TcpAddress(host, int(match[2]))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class UnixAddress:
    """A socket file with mode 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket: socket.socket | None = None
        self._inode: tuple[int, int] | None = None

    def prepare(self) -> None:
        paths.make_folder(self.path)
        self._clear()
        self._socket = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            self._socket.bind(str(self.path))
        except OSError as error:
            raise AddressError(
                f"the socket {self.path} cannot be made: {error.strerror}; "
                "choose another one with --host unix:///path"
            ) from None
        finally:
            os.umask(before)
        found = self.path.stat()
        self._inode = (found.st_dev, found.st_ino)

    def _clear(self) -> None:
        """Remove a stale socket. Raises AddressError where a process listens on it, or where the
        path is not a socket."""
        try:
            found = self.path.lstat()
        except FileNotFoundError:
            return
        except OSError as error:
            raise AddressError(f"{self.path} cannot be used: {error.strerror}") from None
        if not stat.S_ISSOCK(found.st_mode):
            raise AddressError(f"{self.path} exists and is not a socket: choose another path")
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.path))
            except ConnectionRefusedError:
                self.path.unlink(missing_ok=True)
                return
            except OSError as error:
                raise AddressError(f"{self.path} cannot be used: {error.strerror}") from None
        raise AddressError(
            f"an engine already listens on {self.path}: stop it, or choose another --host"
        )

    async def listen(self, server: Server) -> str:
        assert self._socket is not None
        await server.listen(self._socket)
        return f"unix://{self.path}"

    def remove(self) -> None:
        """Remove the socket file, unless another process has replaced it."""
        with contextlib.suppress(OSError):
            found = self.path.lstat()
            if (found.st_dev, found.st_ino) == self._inode:
                self.path.unlink()


class TcpAddress:
    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._socket: socket.socket | None = None

    def prepare(self) -> None:
        try:
            family, _, _, _, place = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM
            )[0]
            self._socket = socket.socket(family)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(place)
        except OSError as error:
            raise AddressError(
                f"tcp://{self.host}:{self.port} cannot be used: {error.strerror or error}; "
                "choose another port (0: any free one)"
            ) from None

    async def listen(self, server: Server) -> str:
        assert self._socket is not None
        await server.listen(self._socket)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self._socket.getsockname()[1]}"

    def remove(self) -> None:
        if self._socket is not None:
            self._socket.close()
