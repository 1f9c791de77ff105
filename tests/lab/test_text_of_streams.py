"""Frames of a stream, cut and read as text; shared_with_host from what /info says."""

from insidedocker.lab import connect, shared_with_host, text_of
from insidedocker.lab.checks import check
from insidedocker.lab.streams import frames


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def test_frames_are_cut_by_their_length() -> None:
    raw = frame(1, b"a\nb") + frame(2, b"") + frame(1, b"\x01\0\0\0")
    assert frames(raw) == [(1, b"a\nb"), (2, b""), (1, b"\x01\0\0\0")]


def test_a_stream_that_breaks_off_gives_what_is_there() -> None:
    raw = frame(1, b"whole") + frame(1, b"broken off")[:-4]
    assert text_of(raw) == "wholebroken"
    assert text_of(raw[:3]) == ""


def test_bytes_that_are_no_text_do_not_matter() -> None:
    assert text_of(frame(1, b"\xff ok")).endswith(" ok")


def test_what_is_shared_is_read_from_the_runtimes_status() -> None:
    listed = {"status": {"insidedocker.not-isolated": "processes, network"}}
    of_ours = {"DefaultRuntime": "proot", "Runtimes": {"proot": listed}}
    of_docker = {"DefaultRuntime": "runc", "Runtimes": {"runc": {"path": "runc"}}}
    for said, expected in [(of_ours, ["processes", "network"]), (of_docker, []), ({}, [])]:
        with check.scripted_engine({"GET /info": (200, {}, said)}) as scripted:
            assert shared_with_host(connect(scripted.url)) == expected
