"""A terminal's address: the same for as long as the server runs, and always the right engine."""

import contextlib
from pathlib import Path

import pytest

from insidedocker import lab
from insidedocker.lab import terminals
from insidedocker.lab.engines.stub_engine import Answer

PING: dict[str, Answer] = {"GET /_ping": (200, {}, b"OK")}


def ping(url: str) -> bool:
    return lab.connect(url).get("/_ping").ok


def test_the_address_leads_to_the_engine_and_through_taps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with lab.check.scripted_engine(PING) as engine, terminals.linked(engine.url) as told:
        monkeypatch.setenv(terminals.LINK, told[terminals.LINK])
        url = terminals.environment(told)["DOCKER_HOST"]
        assert lab.terminal().url == lab.terminal(engine).url == url
        assert ping(url)
        with lab.tap(engine.url) as outer:
            assert ping(url)
            with lab.tap(engine.url) as inner:
                assert ping(url)
                assert lab.terminal(inner).url == inner.url
            assert ping(url)
        assert ping(url)
    assert (len(outer.calls), len(inner.calls)) == (2, 1)
    assert not Path(told[terminals.LINK]).parent.exists()


def test_a_tap_on_the_terminals_own_address_is_not_in_front_of_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with lab.check.scripted_engine(PING) as engine, terminals.linked(engine.url) as told:
        monkeypatch.setenv(terminals.LINK, told[terminals.LINK])
        monkeypatch.setenv("DOCKER_HOST", terminals.environment(told)["DOCKER_HOST"])
        with lab.tap() as tap:
            seen = len(tap.calls)
            assert ping(lab.terminal().url)
    assert [call.path for call in tap.calls[seen:]] == ["/_ping"]


def test_taps_of_two_notebooks_may_end_in_any_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with lab.check.scripted_engine(PING) as engine, terminals.linked(engine.url) as told:
        link = Path(told[terminals.LINK])
        monkeypatch.setenv(terminals.LINK, str(link))
        with contextlib.ExitStack() as later:
            with terminals.led_through(first):
                first.touch()
                later.enter_context(terminals.led_through(second))
                assert link.readlink() == second
            assert link.readlink() == second
            first.unlink()
        assert ping(f"unix://{link}")


def test_an_engine_on_tcp_has_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(terminals.LINK, raising=False)
    with terminals.linked("tcp://127.0.0.1:2375") as told:
        assert terminals.environment(told) == {}
    assert lab.terminal(lab.connect("tcp://127.0.0.1:2375")).url == "tcp://127.0.0.1:2375"


@pytest.mark.parametrize(
    ("programs", "second", "advice"),
    [
        (["docker", "curl"], "docker version", ""),
        (["curl"], "curl --unix-socket /e.sock http://localhost/_ping", "no docker command"),
        ([], None, "neither a docker command nor curl"),
    ],
)
def test_what_to_type_is_what_this_machine_has(
    programs: list[str],
    second: str | None,
    advice: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in programs:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(terminals.LINK, raising=False)
    shown = lab.terminal(lab.connect("unix:///e.sock"))
    assert shown.lines == ["export DOCKER_HOST=unix:///e.sock", *([second] if second else [])]
    assert advice in repr(shown)
    assert bool(advice) == bool(shown.advice)
    assert "terminal:create-new" in shown._repr_html_()


def test_a_link_that_is_gone_is_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(terminals.LINK, str(tmp_path / "gone"))
    with lab.check.scripted_engine(PING) as engine:
        assert lab.terminal(engine).url == engine.url
        with lab.tap(engine.url) as tap:
            assert ping(tap.url)
    assert list(tmp_path.iterdir()) == []
