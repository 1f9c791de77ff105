"""Output to many clients, input from some, with bounded memory and no one stuck for ever."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

import pytest

from insidedocker_engine.base import errors
from insidedocker_engine.container import streams
from insidedocker_engine.container.streams import Input, KeyWatch, Output, detach_keys, frame


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


def test_frames_as_the_engine_sends_them() -> None:
    assert frame(2, b"abc") == b"\x02\x00\x00\x00\x00\x00\x00\x03abc"


def test_every_client_gets_everything_and_then_its_end() -> None:
    async def work() -> None:
        output = Output()
        raw, framed = output.listen((1, 2), raw=True), output.listen((2,), raw=False)
        (out, out_in), (err, err_in) = os.pipe(), os.pipe()
        output.start(out, err)
        os.write(out_in, b"to stdout")
        os.write(err_in, b"to stderr")
        os.close(out_in)
        os.close(err_in)
        await output.finish(5)
        both = b"".join([data async for data in raw.chunks()])
        assert sorted([both[:9], both[9:]]) == [b"to stderr", b"to stdout"]
        assert b"".join([data async for data in framed.chunks()]) == frame(2, b"to stderr")

    run(work())


def test_a_client_that_does_not_read_stops_the_writer_not_the_memory() -> None:
    async def work() -> None:
        output = Output()
        client = output.listen((1,), raw=True)
        out, out_in = os.pipe()
        output.start(out, None)
        os.set_blocking(out_in, False)
        written = 0
        for _ in range(2000):
            try:
                written += os.write(out_in, bytes(4096))
            except BlockingIOError:
                await asyncio.sleep(0)
        assert streams.CLIENT_LIMIT <= written < streams.CLIENT_LIMIT + (1 << 20)
        os.close(out_in)
        received = 0
        finishing = asyncio.create_task(output.finish(5))
        async for data in client.chunks():
            received += len(data)
        await finishing
        assert received == written

    run(work())


def test_a_client_that_hangs_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STALL_LIMIT", 0.05)

    async def work() -> None:
        output = Output()
        hanging = output.listen((1,), raw=True)
        out, out_in = os.pipe()
        output.start(out, None)
        os.set_blocking(out_in, False)
        written = 0
        while written < 4 * streams.CLIENT_LIMIT:
            try:
                written += os.write(out_in, bytes(4096))
            except BlockingIOError:
                await asyncio.sleep(0.001)
        assert hanging not in output.clients
        os.close(out_in)
        await output.finish(5)

    run(work())


def test_a_pipe_held_open_by_others_does_not_hold_up_the_end() -> None:
    async def work() -> None:
        output = Output()
        client = output.listen((1,), raw=True)
        out, out_in = os.pipe()
        output.start(out, None)
        os.write(out_in, b"said")
        await output.finish(0.05)
        assert [data async for data in client.chunks()] == [b"said"]
        os.close(out_in)

    run(work())


def test_input_waits_for_a_slow_reader_and_for_the_start() -> None:
    async def work() -> None:
        stdin = Input()
        reader, writer = os.pipe()
        sent = os.urandom(1 << 20)

        async def write() -> None:
            await stdin.started()
            await stdin.write(sent)
            stdin.close()

        writing = asyncio.create_task(write())
        await asyncio.sleep(0)
        stdin.start(writer)
        received = bytearray()
        while data := await asyncio.to_thread(os.read, reader, 65536):
            received += data
        await writing
        assert received == sent
        os.close(reader)

    run(work())


def test_writing_to_a_process_that_reads_no_more() -> None:
    async def work() -> None:
        stdin = Input()
        reader, writer = os.pipe()
        stdin.start(writer)
        os.close(reader)
        with pytest.raises(BrokenPipeError):
            await stdin.write(b"x")
        stdin.finish()

    run(work())


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", b"\x10\x11"),
        ("ctrl-p,ctrl-q", b"\x10\x11"),
        ("a", b"a"),
        ("ctrl-@,x,ctrl-]", b"\0x\x1d"),
    ],
)
def test_detach_keys(text: str, keys: bytes) -> None:
    assert detach_keys(text) == keys


@pytest.mark.parametrize("text", ["foo", "ctrl-", "ctrl-1", "a,,b", "ctrl-p,qq"])
def test_detach_keys_that_are_none(text: str) -> None:
    with pytest.raises(errors.BadRequest, match="Invalid detach keys"):
        detach_keys(text)


def test_keys_are_found_in_pieces_and_only_whole() -> None:
    watch = KeyWatch(b"\x10\x11")
    assert watch.pass_on(b"ab\x10") == (b"ab", False)
    assert watch.pass_on(b"c") == (b"\x10c", False)
    assert watch.pass_on(b"\x10") == (b"", False)
    assert watch.pass_on(b"\x11rest") == (b"", True)
