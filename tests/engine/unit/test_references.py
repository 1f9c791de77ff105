"""Names of images: read, completed and shown as Docker does."""

import pytest

from insidedocker_engine.base import errors
from insidedocker_engine.images import references

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"


@pytest.mark.parametrize(
    ("text", "full", "familiar"),
    [
        ("busybox", "docker.io/library/busybox", "busybox"),
        ("busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"),
        ("library/busybox", "docker.io/library/busybox", "busybox"),
        ("docker.io/busybox", "docker.io/library/busybox", "busybox"),
        ("index.docker.io/me/app", "docker.io/me/app", "me/app"),
        ("me/app:v1", "docker.io/me/app:v1", "me/app:v1"),
        ("a/b/c", "docker.io/a/b/c", "a/b/c"),
        ("localhost/app", "localhost/app", "localhost/app"),
        ("127.0.0.1:5000/a/b:1", "127.0.0.1:5000/a/b:1", "127.0.0.1:5000/a/b:1"),
        ("[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"),
        ("Reg.example/app", "Reg.example/app", "Reg.example/app"),
        ("a__b/c--d.e_f", "docker.io/a__b/c--d.e_f", "a__b/c--d.e_f"),
        (f"app@{DIGEST}", f"docker.io/library/app@{DIGEST}", f"app@{DIGEST}"),
        (f"app:1@{DIGEST}", f"docker.io/library/app:1@{DIGEST}", f"app:1@{DIGEST}"),
        ("localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"),
    ],
)
def test_a_name_is_completed_and_shortened(text: str, full: str, familiar: str) -> None:
    reference = references.parse(text)
    assert str(reference) == full
    assert reference.familiar == familiar
    assert references.parse(str(reference)) == reference
    assert references.parse(familiar) == reference


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "invalid reference format"),
        ("a//b", "invalid reference format"),
        ("a b", "invalid reference format"),
        ("app:", "invalid reference format"),
        ("app:-x", "invalid reference format"),
        ("app:1:2", "invalid reference format"),
        ("app\n", "invalid reference format"),
        ("-app", "invalid reference format"),
        ("a___b", "invalid reference format"),
        ("é", "invalid reference format"),
        ("app@sha256:12", "invalid reference format"),
        ("../../etc/passwd", "invalid reference format"),
        ("app:" + "x" * 129, "invalid reference format"),
        ("App", r"repository name \(library/App\) must be lowercase"),
        ("me/App:1", r"repository name \(me/App\) must be lowercase"),
        (HEX, "cannot specify 64-byte hexadecimal strings"),
        ("a" * 300, "must not be more than 255 characters"),
        (f"app@sha512:{HEX}", "unsupported digest algorithm"),
        (f"app@sha256:{HEX}0", "invalid checksum digest length"),
        (f"app@sha256:{HEX.upper()}", "invalid checksum digest format"),
    ],
)
def test_a_wrong_name_is_refused_in_dockers_words(text: str, told: str) -> None:
    with pytest.raises(errors.BadRequest, match=told):
        references.parse(text)


def test_latest_is_only_put_where_there_is_neither_tag_nor_digest() -> None:
    assert references.parse("app").tagged().familiar == "app:latest"
    assert references.parse("app:1").tagged().familiar == "app:1"
    assert references.parse(f"app@{DIGEST}").tagged().familiar == f"app@{DIGEST}"


def test_a_whole_id_is_no_name() -> None:
    assert references.identifier(HEX) == DIGEST
    assert references.identifier(DIGEST) == DIGEST
    assert references.identifier(HEX[:12]) is None


@pytest.mark.parametrize(
    ("name", "pattern", "matches"),
    [
        ("busybox:latest", "busybox", True),
        ("busybox:latest", "busybox:latest", True),
        ("busybox:latest", "busy*", True),
        ("busybox:latest", "busybox:1", False),
        ("me/app:1", "app", False),
        ("me/app:1", "me/*", True),
        ("me/app:1", "*", False),
        ("127.0.0.1:5000/me/app:1", "*/me/app:*", True),
    ],
)
def test_reference_filters(name: str, pattern: str, matches: bool) -> None:
    assert references.parse(name).matches(pattern) is matches
