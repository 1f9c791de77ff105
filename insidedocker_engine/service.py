"""The engine's process: root folder and addresses, runtime, serving, end."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import functools
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .api import routing
from .base import paths
from .base.errors import BadRequest
from .base.restrictions import Restrictions
from .container import log_options
from .daemon import Daemon
from .files import directory_trees
from .host import linux
from .images.registry_options import OptionError, Options
from .lock import Lock, Locked, whereabouts
from .root_format import Newer
from .runtime import choice
from .runtime.contract import Unavailable
from .server import listen
from .server.http import Server
from .sharing import Alone
from .storage.choice import Unusable

if TYPE_CHECKING:
    from .runtime.contract import Runtime
    from .runtime.probe import Trial

PR_SET_PDEATHSIG = 1
THREADS = 64
SWITCH = 0.001
"""Seconds after which a busy thread lets the event loop go on."""


def main(options: argparse.Namespace, parent: int, trial: Trial | None) -> None:
    """Serve with these `options` of the command line, until the process ends; `parent` is the
    process id of the starter."""
    logging.basicConfig(
        level=logging.DEBUG if options.debug else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        # The root folder comes last: refused options leave no folder behind.
        addresses = [listen.parse(url, options.insecure_tcp) for url in options.host or ()]
        control = None
        if options.fault_control:
            control = listen.UnixAddress(paths.socket_path(options.fault_control))
        registries = Options.of(options.insecure_registry, options.registry_mirror)
        restrictions = Restrictions(options.restricted, log_options.default(options.log_opt))
        root = (options.root or paths.own_root()).absolute()
        if not addresses:
            addresses = [listen.parse(f"unix://{paths.own_socket(root)}", False)]
        lock = take_root(root)
        for address in [*addresses, *([control] if control else [])]:
            address.prepare()
    except (paths.PathError, listen.AddressError, OptionError) as error:
        refuse(str(error))
    except BadRequest as error:
        refuse(f"--log-opt: {error.message}")
    # From here on the process may be root of its own user namespace; single-threaded until then.
    try:
        chosen = choice.choose(options.runtime, trial)
    except Unavailable as error:
        refuse(str(error))
    if options.with_parent:  # only now: a change of credentials would undo it
        end_with(parent)
    try:
        run(
            serve(
                root,
                chosen,
                addresses,
                lock,
                control,
                registries=registries,
                restrictions=restrictions,
                options=options,
            )
        )
    except (Unusable, Newer) as error:
        refuse(str(error))
    if options.discard:  # in this user namespace: outside, files have several owners
        directory_trees.remove(root)
    # Threads may hang in a transfer that is no longer wanted. They may be cut off at any moment:
    # what they write is made for that.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Like asyncio.run, but without waiting for threads at the end, and with more of them: a few
    long transfers must not delay short work."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))
    asyncio.set_event_loop(loop)
    loop.run_until_complete(main)


def refuse(sentence: str) -> NoReturn:
    print(f"insidedocker engine: {sentence}", file=sys.stderr)
    sys.exit(1)


def end_with(parent: int) -> None:
    """Get SIGTERM when the starter ends; exit at once where it has ended already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)


def take_root(root: Path) -> Lock:
    """Make the root folder and lock it. Raises PathError."""
    try:
        paths.make_root(root)
        return Lock.take(root)
    except Locked as locked:
        raise paths.PathError(
            f"an engine ({whereabouts(locked.pid)}) already runs on {root}: stop it, "
            "or choose another folder with --root"
        ) from None
    except OSError as error:
        raise paths.PathError(
            f"the root folder {root} cannot be used: {error.strerror}; choose one with --root"
        ) from None


async def serve(
    root: Path,
    chosen: Runtime,
    addresses: list[listen.Address],
    lock: Lock,
    control: listen.UnixAddress | None,
    *,
    registries: Options,
    restrictions: Restrictions,
    options: argparse.Namespace,
) -> None:
    """Open the engine, listen, tell the addresses, and wait for a signal to end. A second signal
    ends the containers at once. Raises Unusable, Newer."""
    linux.one_heap()
    sys.setswitchinterval(SWITCH)
    stop, hurry = asyncio.Event(), asyncio.Event()

    def asked() -> None:
        """End; asked once more, give containers no more time."""
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked)
    daemon = Daemon(root, chosen, registries, restrictions)
    handle = functools.partial(routing.dispatch, daemon)
    servers = [Server(handle, routing.COMMON_HEADERS)]
    if control:
        from .server.faults import Faults

        faults = Faults(handle)
        servers = [Server(faults.handle, routing.COMMON_HEADERS), Server(faults.control, {})]
    try:
        await daemon.open()
        if control:
            await control.listen(servers[1])
        urls = [await address.listen(servers[0]) for address in addresses]
        lock.tell(urls, while_used=options.while_used)
        tell(urls, options.ready_fd)
        if options.while_used:
            loop = asyncio.get_running_loop()
            end = functools.partial(loop.call_soon_threadsafe, stop.set)
            threading.Thread(target=end_with_last_user, args=(root, lock, end), daemon=True).start()
        gc.freeze()
        gc.enable()
        await stop.wait()
    finally:
        for address in [*addresses, *([control] if control else [])]:
            address.remove()
        for server in servers:
            await server.close()
        await daemon.close(hurry, discard=options.discard)


def end_with_last_user(root: Path, lock: Lock, end: Callable[[], object]) -> None:
    """Wait, in a thread, until the engine has no user; then `end` it, unless a user has asked it to
    stay (`lock.keep`)."""
    alone = Alone(root)
    if lock.while_used():
        end()  # the lock is held until the process has ended: new users wait for that
    else:
        alone.end()


def tell(urls: list[str], ready: int | None) -> None:
    """Write one line per address to stdout, and to the descriptor that the starter waits at."""
    lines = "".join(f"listening on {url}\n" for url in urls)
    print(lines, end="", flush=True)
    if ready is not None:
        os.write(ready, lines.encode())
        os.close(ready)
