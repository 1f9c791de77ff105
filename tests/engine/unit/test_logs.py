"""The log files of containers: what is written, and what is read of it."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from insidedocker_engine.container import logs
from insidedocker_engine.container.logs import LINE_LIMIT, Entry, Log, Selection


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


async def everything(log: Log, **wanted: Any) -> list[Entry]:
    found = logs.read(log, Selection(**wanted))
    return [entry async for entries in found for entry in entries]


async def texts(log: Log, **wanted: Any) -> list[bytes]:
    return [entry.text for entry in await everything(log, **wanted)]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    made = Log(tmp_path / "x-json.log")
    made.start()
    return made


def test_lines_are_json_objects_as_dockers(log: Log) -> None:
    log.write(1, 'äöü "quoted"\r\n'.encode())
    log.write(2, b"half")
    log.write(2, b" a line\nno end")
    log.finish()
    lines = [json.loads(line) for line in log.path.read_text().splitlines()]
    assert [(line["log"], line["stream"]) for line in lines] == [
        ('äöü "quoted"\r\n', "stdout"),
        ("half a line\n", "stderr"),
        ("no end", "stderr"),
    ]
    assert all(line["time"].endswith("Z") for line in lines)


def test_long_lines_are_cut_and_come_back_whole(log: Log) -> None:
    text = b"x" * (3 * LINE_LIMIT + 5) + b"\n"
    for start in range(0, len(text), 1000):
        log.write(1, text[start : start + 1000])
    log.finish()

    async def work() -> None:
        found = await texts(log)
        assert b"".join(found) == text
        assert max(map(len, found)) == LINE_LIMIT

    run(work())


def test_bytes_that_are_no_text_do_not_break_the_log(log: Log) -> None:
    log.write(1, b"\xff\xfe\n")
    log.finish()
    run(_expect(log, ["��\n".encode()]))


async def _expect(log: Log, wanted: list[bytes], **selection: Any) -> None:
    assert await texts(log, **selection) == wanted


@pytest.mark.parametrize("tail", [0, 1, 2, 3, 5000, 9999, 10000, 20000])
def test_tail_counts_from_the_end(log: Log, tail: int) -> None:
    lines = [f"line {number}\n".encode() for number in range(10000)]
    log.write(1, b"".join(lines))
    log.finish()
    run(_expect(log, lines[len(lines) - min(tail, len(lines)) :], tail=tail))


def test_streams_since_and_until(log: Log) -> None:
    log.write(1, b"out\n")
    log.write(2, b"err\n")
    log.finish()

    async def work() -> None:
        assert await texts(log, streams=frozenset({2})) == [b"err\n"]
        out, err = await everything(log)
        assert await texts(log, since=err.time) == [b"err\n"]
        assert await texts(log, until=out.time) == [b"out\n"]

    run(work())


def test_following_sees_every_line_and_ends_with_the_log(log: Log) -> None:
    async def work() -> None:
        seen: list[bytes] = []

        async def follow() -> None:
            async for entries in logs.read(log, Selection(), follow=True):
                seen.extend(entry.text for entry in entries)

        log.write(1, b"before\n")
        following = asyncio.create_task(follow())
        for number in range(500):
            log.write(1, f"{number}\n".encode())
            if number % 50 == 0:
                await asyncio.sleep(0)
        log.write(1, b"last")
        log.finish()
        await following
        assert seen == [b"before\n", *(f"{n}\n".encode() for n in range(500)), b"last"]

    run(work())


def test_following_ends_at_until(log: Log) -> None:
    async def work() -> None:
        log.write(1, b"early\n")
        (early,) = await everything(log)
        selection = Selection(until=early.time + 50_000_000)
        found = [entries async for entries in logs.read(log, selection, follow=True)]
        assert [entry.text for entries in found for entry in entries] == [b"early\n"]

    run(work())


def test_a_line_cut_by_a_kill_is_left_out(log: Log) -> None:
    log.write(1, b"whole\n")
    log.finish()
    with log.path.open("ab") as file:
        file.write(b'{"log":"ha')
    run(_expect(log, [b"whole\n"]))


def test_a_full_disk_loses_output_not_the_container(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/full refuses every write."""
    full = Log(Path("/dev/full"))
    full.start()
    full.write(1, b"lost\n")
    full.write(1, b"lost too\n")
    full.finish()
    assert len([record for record in caplog.records if "No space left" in record.message]) == 1


def test_stamps_have_nine_digits(log: Log) -> None:
    entry = Entry(1, b"text\n", "2023-11-14T22:13:20.0000001Z")
    assert logs.stamped(entry) == b"2023-11-14T22:13:20.000000100Z text\n"
