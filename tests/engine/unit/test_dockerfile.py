"""Dockerfiles read, words expanded, patterns matched: without an engine."""

from __future__ import annotations

import pytest

from insidedocker_engine.base import errors
from insidedocker_engine.builder import dockerfile, expansion, ignore, settings
from insidedocker_engine.builder.arguments import Arguments
from insidedocker_engine.builder.settings import Draft

VARIABLES = {"A": "one", "EMPTY": "", "PATH": "/a/b.tar.gz"}


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("$A-$B.", "one-."),
        ("${A}s", "ones"),
        ("${B:-two}", "two"),
        ("${EMPTY:-two}", "two"),
        ("${EMPTY-two}", ""),
        ("${A:+set}", "set"),
        ("${EMPTY:+set}", ""),
        ("${EMPTY+set}", "set"),
        ("${B:-${A}!}", "one!"),
        ("'$A'", "$A"),
        ('"$A b"', "one b"),
        (r"\$A", "$A"),
        (r'"\$A \n"', r"$A \n"),
        ("${PATH#*/}", "a/b.tar.gz"),
        ("${PATH##*/}", "b.tar.gz"),
        ("${PATH%.*}", "/a/b.tar"),
        ("${PATH%%.*}", "/a/b"),
        ("${PATH//a/x}", "/x/b.txr.gz"),
        ("$", "$"),
        ("a$!", "a"),
    ],
)
def test_variables(word: str, result: str) -> None:
    assert expansion.expand(word, VARIABLES, "\\") == result


@pytest.mark.parametrize("word", ["${A", "${}", "'a", '"a', "${A:=b}", "${B:?is needed}"])
def test_words_that_cannot_be(word: str) -> None:
    with pytest.raises(errors.BadRequest, match="failed to process"):
        expansion.expand(word, VARIABLES, "\\")


def test_lines_comments_and_continuations() -> None:
    text = "# syntax=docker/dockerfile:1\n\nFROM a\nRUN one && \\\n  # not this\n\n  two\n  # end\n"
    file = dockerfile.parse(text)
    [run] = file.stages[0].instructions
    assert (run.name, run.text, run.line) == ("RUN", "one &&   two", 4)
    assert file.gaps == [run.source]


def test_tabs() -> None:
    found = dockerfile.instruction("run\t--x=1\techo 'a\tb'")
    assert (found.name, found.flags, found.text) == ("RUN", {"x": "1"}, "echo 'a\tb'")


def test_another_escape() -> None:
    file = dockerfile.parse("# escape=`\nFROM a\nCOPY c:\\ `\n d\n")
    assert file.stages[0].instructions[0].text == "c:\\  d"


def test_stages_and_targets() -> None:
    file = dockerfile.parse("ARG V=1\nFROM a:$V AS Base\nFROM base\nRUN x\n")
    assert [stage.name for stage in file.stages] == ["base", ""]
    assert len(dockerfile.cut_at(file, "BASE")) == 1
    assert len(dockerfile.cut_at(file, "1")) == 2
    with pytest.raises(errors.BadRequest, match='target stage "nope" could not be found'):
        dockerfile.cut_at(file, "nope")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file with no instructions"),
        ("RUN x", "no build stage in current context"),
        ("FROM a\nFOO b", "dockerfile parse error on line 2: unknown instruction: FOO"),
        ("FROM a b", "line 1: FROM requires either one or three arguments"),
        ("FROM a AS 1b", 'line 1: invalid name for build stage: "1b"'),
        ("FROM a\n\nUSER", "line 3: USER requires exactly one argument"),
        ("FROM a\nCOPY b", "line 2: COPY requires at least two arguments"),
        ("FROM a\nENV b", "failed to parse Dockerfile: ENV must have two arguments"),
        ("FROM a\nENV b=c d", 'can\'t find = in "d"'),
        ("FROM a\nSHELL b", "line 2: SHELL requires the arguments to be in JSON form"),
        ("FROM a\nONBUILD FROM b", "line 2: FROM isn't allowed as an ONBUILD trigger"),
        ("FROM a\nHEALTHCHECK --interval=1 CMD b", 'missing unit in duration "1"'),
        ("FROM a\nHEALTHCHECK b", 'line 2: Unknown type "B" in HEALTHCHECK'),
        ("FROM a\nRUN cat <<EOF\nb\nEOF", "requires BuildKit"),
        ("# escape=x\nFROM a", "invalid ESCAPE 'x'"),
    ],
)
def test_mistakes_are_found_before_anything_is_built(text: str, message: str) -> None:
    with pytest.raises(errors.BadRequest) as refusal:
        settings.check(dockerfile.parse(text))
    assert message in refusal.value.message


def test_what_instructions_do_to_settings() -> None:
    draft = Draft({"Cmd": ["inherited"], "Env": ["A=1", "B=2"]}, Arguments({"V": "given"}))
    told = [
        settings.apply(draft, dockerfile.instruction(line))
        for line in (
            "ARG V=default",
            'ENV A=$V C="two words"',
            "ENV D some text",
            "LABEL x.y=$A",
            "EXPOSE 80 $NONE 53-54/udp",
            "WORKDIR /app",
            "WORKDIR deep/../er",
            "USER $V:staff",
            'VOLUME ["/data"]',
            "STOPSIGNAL SIGINT",
            "HEALTHCHECK --interval=90s --retries=2 CMD test -e /x",
            'ENTRYPOINT ["run"]',
        )
    ]
    assert draft.config == {
        "Env": ["A=given", "B=2", "C=two words", "D=some text"],
        "Labels": {"x.y": "given"},
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}, "54/udp": {}},
        "WorkingDir": "/app/er",
        "User": "given:staff",
        "Volumes": {"/data": {}},
        "StopSignal": "SIGINT",
        "Healthcheck": {
            "Test": ["CMD-SHELL", "test -e /x"],
            "Interval": 90_000_000_000,
            "Retries": 2,
        },
        "Entrypoint": ["run"],
    }
    assert told[0] == "ARG V=default"
    assert told[1] == "ENV A=given C=two words"
    assert told[-2] == "HEALTHCHECK &{[CMD-SHELL test -e /x] 1m30s 0s 0s 0s 2}"
    assert told[-1] == 'ENTRYPOINT ["run"]'


def test_a_variable_that_doubles_itself_ends_somewhere() -> None:
    draft = Draft({"Env": ["A=12345678"]})
    with pytest.raises(errors.BadRequest, match="longer than"):
        for _ in range(40):
            settings.apply(draft, dockerfile.instruction("ENV A=$A$A"))


def test_arguments() -> None:
    arguments = Arguments({"GIVEN": "g", "UNUSED": "u", "http_proxy": "p"})
    arguments.declare_before_stages("V", "1")
    assert arguments.for_bases() == {"V": "1", "http_proxy": "p"}
    arguments.begin_stage()
    assert arguments.values({}) == {"http_proxy": "p"}, "a stage declares what it wants"
    arguments.declare("V", None)
    arguments.declare("GIVEN", "default")
    arguments.declare("HIDDEN", "h")
    values = arguments.values({"HIDDEN": "by the environment"})
    assert values == {"V": "1", "GIVEN": "g", "http_proxy": "p"}
    assert arguments.shown(sorted(values)) == ["GIVEN", "V"]
    assert arguments.unused() == ["UNUSED"]


@pytest.mark.parametrize(
    ("path", "out"),
    [("a.md", True), ("README.md", False), ("d/e/f.o", True), ("d/keep.o", False), ("x", False)],
)
def test_ignored(path: str, out: bool) -> None:
    patterns = ignore.read("# no\n*.md\n!README.md\n**/*.o\n!d/keep.o\n\n")
    assert ignore.excluded(path, patterns) is out
