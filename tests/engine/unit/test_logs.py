"""The log files of containers: what is written, and what is read of it."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from insidedocker_engine.base import errors
from insidedocker_engine.container import log_entries, log_options, log_reader
from insidedocker_engine.container.log_entries import LINE_LIMIT, Entry
from insidedocker_engine.container.log_options import Limits
from insidedocker_engine.container.log_reader import Selection
from insidedocker_engine.container.logs import Log


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


async def everything(log: Log, **wanted: Any) -> list[Entry]:
    found = log_reader.read(log, Selection(**wanted))
    return [entry async for entries in found for entry in entries]


async def texts(log: Log, **wanted: Any) -> list[bytes]:
    return [entry.text for entry in await everything(log, **wanted)]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "x-json.log")


def write(log: Log, *written: tuple[int, bytes]) -> None:
    """The output of one run of a program, in a loop of its own."""

    async def work() -> None:
        log.start()
        for stream, data in written:
            log.write(stream, data)
        await log.finish()

    run(work())


def test_lines_are_json_objects_as_dockers(log: Log) -> None:
    write(log, (1, 'äöü "quoted"\r\n'.encode()), (2, b"half"), (2, b" a line\nno end"))
    lines = [json.loads(line) for line in log.path.read_text().splitlines()]
    assert [(line["log"], line["stream"]) for line in lines] == [
        ('äöü "quoted"\r\n', "stdout"),
        ("half a line\n", "stderr"),
        ("no end", "stderr"),
    ]
    assert all(line["time"].endswith("Z") for line in lines)


def test_long_lines_are_cut_and_come_back_whole(log: Log) -> None:
    text = b"x" * (3 * LINE_LIMIT + 5) + b"\n"
    write(log, *((1, text[start : start + 1000]) for start in range(0, len(text), 1000)))

    async def work() -> None:
        found = await texts(log)
        assert b"".join(found) == text
        assert max(map(len, found)) == LINE_LIMIT

    run(work())


def test_bytes_that_are_no_text_do_not_break_the_log(log: Log) -> None:
    write(log, (1, b"\xff\xfe\n"))
    run(_expect(log, ["��\n".encode()]))


async def _expect(log: Log, wanted: list[bytes], **selection: Any) -> None:
    assert await texts(log, **selection) == wanted


@pytest.mark.parametrize("tail", [0, 1, 2, 3, 5000, 9999, 10000, 20000])
def test_tail_counts_from_the_end(log: Log, tail: int) -> None:
    lines = [f"line {number}\n".encode() for number in range(10000)]
    write(log, (1, b"".join(lines)))
    run(_expect(log, lines[len(lines) - min(tail, len(lines)) :], tail=tail))


def test_streams_since_and_until(log: Log) -> None:
    write(log, (1, b"out\n"), (2, b"err\n"))

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
            async for entries in log_reader.read(log, Selection(), follow=True):
                seen.extend(entry.text for entry in entries)

        log.start()
        log.write(1, b"before\n")
        following = asyncio.create_task(follow())
        for number in range(500):
            log.write(1, f"{number}\n".encode())
            if number % 50 == 0:
                await asyncio.sleep(0)
        log.write(1, b"last")
        await log.finish()
        await following
        assert seen == [b"before\n", *(f"{n}\n".encode() for n in range(500)), b"last"]

    run(work())


def test_following_ends_at_until(log: Log) -> None:
    async def work() -> None:
        log.start()
        log.write(1, b"early\n")
        (early,) = await everything(log)
        selection = Selection(until=early.time + 50_000_000)
        found = [entries async for entries in log_reader.read(log, selection, follow=True)]
        assert [entry.text for entries in found for entry in entries] == [b"early\n"]

    run(work())


def test_a_line_cut_by_a_kill_is_left_out(log: Log) -> None:
    write(log, (1, b"whole\n"))
    with log.path.open("ab") as file:
        file.write(b'{"log":"ha')
    run(_expect(log, [b"whole\n"]))


def test_a_full_disk_loses_output_not_the_container(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/full refuses every write."""
    write(Log(Path("/dev/full")), (1, b"lost\n"), (1, b"lost too\n"))
    assert len([record for record in caplog.records if "No space left" in record.message]) == 1


def test_stamps_have_nine_digits(log: Log) -> None:
    entry = Entry(1, b"text\n", "2023-11-14T22:13:20.0000001Z")
    assert log_entries.stamped(entry) == b"2023-11-14T22:13:20.000000100Z text\n"


@pytest.mark.parametrize("text", ["\uffff", "\\n", '"\\', "\u2028\x0b\x0c", "\t\x00"])
def test_every_text_comes_back_as_it_was(log: Log, text: str) -> None:
    lines = [f"{text}\n".encode(), b"\n", f"a{text}\r\n".encode(), text.encode()]
    write(log, (1, b"".join(lines)))
    run(_expect(log, lines))


# Several files


def files(log: Log) -> dict[str, int]:
    """The names of the log's files, without what they share -> bytes."""
    found = log.path.parent.glob(f"{log.path.name}*")
    return {path.name.removeprefix(log.path.name): path.stat().st_size for path in found}


def numbered(count: int) -> list[bytes]:
    return [f"line {number}\n".encode() for number in range(count)]


def limited(folder: Path, size: int, most: int) -> Log:
    return Log(folder / "x-json.log", Limits(size, most))


@pytest.mark.parametrize("most", [1, 2, 5])
def test_files_take_turns_and_the_oldest_goes(tmp_path: Path, most: int) -> None:
    log, lines = limited(tmp_path, 1000, most), numbered(1000)
    write(log, (1, b"".join(lines[:500])), *((1, line) for line in lines[500:]))
    found = files(log)
    assert set(found) == {"", ".1", ".2", ".3", ".4"} - {f".{n}" for n in range(most, 5)}
    assert all(size < 1100 for size in found.values())  # by less than one entry too large
    assert all(size >= 1000 for name, size in found.items() if name)

    async def work() -> None:
        kept = await texts(log)
        assert kept == lines[-len(kept) :]
        assert len(kept) > 12 * (most - 1)
        for tail in (0, 1, 12, 13, 14, 15, len(kept) - 1, len(kept), len(kept) + 1, 999):
            assert await texts(log, tail=tail) == kept[len(kept) - min(tail, len(kept)) :]

    run(work())


def test_a_next_run_goes_on_in_the_same_files(tmp_path: Path) -> None:
    """Also one of the next engine: what it knows of the files it finds on disk."""
    lines = numbered(60)
    for start in range(0, 60, 10):
        write(limited(tmp_path, 1000, 9), (1, b"".join(lines[start : start + 10])))
    run(_expect(limited(tmp_path, 1000, 9), lines))
    run(_expect(limited(tmp_path, 1000, 9), lines[-40:], tail=40))


@pytest.mark.parametrize("most", [1, 3])
def test_following_goes_on_in_the_next_file(tmp_path: Path, most: int) -> None:
    async def work() -> None:
        log, lines = limited(tmp_path, 500, most), numbered(200)
        log.start()
        log.write(1, lines[0])
        following = log_reader.read(log, Selection(), follow=True)
        for line, after in zip(lines, [*lines[1:], None], strict=True):
            assert [entry.text for entry in await anext(following)] == [line]
            if after is not None:
                log.write(1, after)
        await log.finish()
        assert [entries async for entries in following] == []

    run(work())


def test_a_slow_follower_misses_only_what_is_gone(tmp_path: Path) -> None:
    async def work() -> None:
        log, lines = limited(tmp_path, 500, 3), numbered(200)
        log.start()
        log.write(1, lines[0])
        following = log_reader.read(log, Selection(), follow=True)
        assert [entry.text for entry in await anext(following)] == lines[:1]
        for line in lines[1:]:
            log.write(1, line)
        await log.finish()
        seen = [entry.text async for entries in following for entry in entries]
        kept = await texts(log)
        assert seen[-len(kept) :] == kept and len(kept) > 12
        assert seen == [line for line in lines if line in seen]

    run(work())


def test_what_is_read_is_the_log_of_one_moment(tmp_path: Path) -> None:
    """Also where all its files are gone before the reading has begun."""

    async def work() -> None:
        log, lines = limited(tmp_path, 500, 2), numbered(100)
        log.start()
        for line in lines[:10]:
            log.write(1, line)
        present = log.snapshot()
        for line in lines[10:]:
            log.write(1, line)
        await log.finish()
        found = log_reader.read(log, Selection(), present=present)
        kept = [entry.text async for entries in found for entry in entries]
        assert kept == lines[10 - len(kept) : 10] and len(kept) > 4

    run(work())


def options(driver: str = "json-file", **wanted: str) -> dict[str, Any]:
    return {"Type": driver, "Config": {name.replace("_", "-"): wanted[name] for name in wanted}}


@pytest.mark.parametrize(
    ("config", "limits"),
    [
        (options(), (None, 1)),
        (options("local"), (20 << 20, 5)),
        (options(max_size="10m"), (10**7, 1)),
        (options(max_size="1k", max_file="3"), (1000, 3)),
        (options(max_size="1.5 GB"), (1_500_000_000, 1)),
        (options(max_size="2KiB"), (2000, 1)),  # decimal, as the Engine's
        (options(max_file="3"), (None, 3)),  # no error: it only has no effect
        (options(max_size="77", compress="true", max_file="2", tag="t", env="A"), (77, 2)),
    ],
)
def test_limits_of_a_log(config: dict[str, Any], limits: tuple[int | None, int]) -> None:
    log_options.check(config)
    assert log_options.limits(config) == limits


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (options(max_size="big"), "invalid size: 'big'"),
        (options(max_size="-1"), "invalid size: '-1'"),
        (options(max_size="10q"), "invalid suffix: 'q'"),
        (options(max_size="10mm"), "invalid suffix: 'mm'"),
        (options(max_size="0"), "max-size must be a positive number"),
        (options(max_file="two"), 'strconv.Atoi: parsing "two": invalid syntax'),
        (options(max_file="0"), "max-file cannot be less than 1"),
        (options(compress="perhaps"), 'strconv.ParseBool: parsing "perhaps": invalid syntax'),
        (
            options(compress="true", max_size="1m"),
            "compress cannot be true when max-file is less than 2 or max-size is not set",
        ),
        (options(colour="red"), "unknown log opt 'colour' for json-file log driver"),
        (options("local", colour="red"), "unknown log opt 'colour' for log driver local"),
        (options(mode="fast"), "logger: logging mode not supported: fast"),
    ],
)
def test_wrong_options(config: dict[str, Any], told: str) -> None:
    with pytest.raises(errors.BadRequest) as error:
        log_options.check(config)
    assert error.value.message == told
