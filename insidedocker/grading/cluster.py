"""`insidedocker grade --scheduler`: notebooks are run on a Dask cluster, and nothing else is.

A worker is sent cells and files and sends back what came of them. The course, the gradebook and
the cache stay where the command was given. A worker that dies loses nothing: Dask runs what it had
elsewhere.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from insidedocker.errors import UserError
from insidedocker.grading import cache, scratch
from insidedocker.grading.plugins.preprocessors import execute
from insidedocker.grading.runner import Cell, Ran
from insidedocker.grading.sandbox import Sandbox, SandboxUnavailable

AT_ONCE = 64
"""Submissions that are given out at once, at least: a cluster may grow while there is work."""


class Cluster:
    """A connection to a scheduler. Raises UserError where there is none."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise UserError(
                "Grading on a cluster needs Dask: install it here and on every worker, by "
                "`pip install '.[cluster]'` in the course's folder."
            ) from None
        try:
            self._client = Client(address, set_as_default=False)
        except (OSError, ValueError, RuntimeError) as error:
            raise UserError(
                f"No Dask scheduler answers at {address} ({_first_line(error)}): start one with "
                "`dask scheduler`, and give the address that it prints."
            ) from None

    @property
    def at_once(self) -> int:
        """How many submissions to give out at once."""
        return max(AT_ONCE, 2 * sum(self._client.nthreads().values()))

    def execute(
        self,
        cells: list[Cell],
        chosen: Sandbox,
        files: Path,
        kept: Path | None,
        *,
        again: bool = False,
    ) -> Ran:
        """As `execute.execute`, but that a worker runs the cells."""

        def there() -> Ran:
            key = cache.key(cells, files, chosen, images=False)
            future = self._client.submit(run_there, cells, chosen, _read(files), key, pure=False)
            return self._result(future)

        return cache.remembered(there, cells, chosen, files, kept, again=again)

    def close(self) -> None:
        self._client.close()

    def _result(self, future: Any) -> Ran:
        from distributed import KilledWorker

        try:
            ran: Ran = future.result()
        except KilledWorker:
            raise UserError(
                "every worker that ran it has died: look at the workers' logs"
            ) from None
        finally:
            future.release()
        return ran


@contextmanager
def connected(address: str | None) -> Iterator[Cluster | None]:
    """A cluster for a block; None where no address is given. Raises UserError."""
    if address is None:
        yield None
        return
    cluster = Cluster(address)
    try:
        yield cluster
    finally:
        cluster.close()


def run_there(cells: list[Cell], chosen: Sandbox, files: dict[str, bytes], key: str) -> Ran:
    """On a worker: run a notebook. Raises SandboxUnavailable where this is no place for it."""
    with scratch.made("worker") as private:
        folder = private / "in"
        folder.mkdir()
        for name, content in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        # With the same Python, libraries and code: else another result might come of it.
        if cache.key(cells, folder, chosen, images=False) != key:
            raise SandboxUnavailable(
                f"The worker on {platform.node()} has another version of Python, of a library or "
                "of this course: install the same on every machine. Nothing was graded there."
            )
        return execute(cells, chosen, folder, None)


def _read(folder: Path) -> dict[str, bytes]:
    """The files beside the notebooks, as intake has left them: plain ones, of bounded size."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".ipynb"
    }


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
