"""`insidedocker grade --scheduler`: notebooks, and nothing else, run on a Dask cluster.

A worker receives cells and files and returns their result. The course, the gradebook and the cache
stay on the machine of the command. A worker that dies loses nothing: Dask runs its tasks on
another worker.
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
"""Least number of submissions given out at once: a cluster may grow while there is work."""


class Cluster:
    """A connection to a scheduler. Raises UserError where Dask is not installed, or where no
    scheduler answers."""

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
        """Number of submissions to give out at once: two per thread of the workers, and at least
        AT_ONCE."""
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
        """Do as `plugins.preprocessors.execute` does, but run the cells on a worker. Raises
        UserError where every worker that ran them has died, and what `run_there` raises."""

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
    """Connect to a cluster for a block; gives None without an address. Raises UserError as
    `Cluster` does."""
    if address is None:
        yield None
        return
    cluster = Cluster(address)
    try:
        yield cluster
    finally:
        cluster.close()


def run_there(cells: list[Cell], chosen: Sandbox, files: dict[str, bytes], key: str) -> Ran:
    """Run a notebook on a worker. Raises SandboxUnavailable where the worker's Python, libraries
    or code differ from those of the command's machine, and where its sandbox does not work."""
    with scratch.made("worker") as private:
        folder = private / "in"
        folder.mkdir()
        for name, content in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        # Another Python, library or version of this package may lead to another result.
        if cache.key(cells, folder, chosen, images=False) != key:
            raise SandboxUnavailable(
                f"The worker on {platform.node()} has another version of Python, of a library or "
                "of this course: install the same on every machine. Nothing was graded there."
            )
        return execute(cells, chosen, folder, None)


def _read(folder: Path) -> dict[str, bytes]:
    """Return path -> content of the files beside the notebooks. Intake has left only plain files
    of bounded size."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".ipynb"
    }


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
