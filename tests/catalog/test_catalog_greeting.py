"""hello-world's program, byte by byte."""

import os
import struct
import subprocess
from pathlib import Path

import pytest

from insidedocker.catalog.errors import CatalogError
from insidedocker.catalog.greeting import program

HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)


@pytest.mark.skipif(HERE is None, reason="hello-world is written for amd64 and arm64 only")
@pytest.mark.parametrize("text", [b"hi\n", b"x" * 65535], ids=["short", "longest"])
def test_it_prints_its_text_and_ends_well(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "hello"
    path.write_bytes(program(text, str(HERE)))
    path.chmod(0o755)
    done = subprocess.run([path], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, text, b"")


@pytest.mark.parametrize(("architecture", "machine"), [("amd64", 62), ("arm64", 183)])
def test_the_header_names_machine_and_whole_file(architecture: str, machine: int) -> None:
    data = program(b"hi\n", architecture)
    assert data[:6] == b"\x7fELF\x02\x01"
    assert struct.unpack_from("<H", data, 18) == (machine,)
    assert struct.unpack_from("<QQ", data, 64 + 32) == (len(data), len(data))


def test_arm64_code_is_what_an_assembler_gives() -> None:
    # mov x0,#1; adr x1,.+28; mov x2,#3; mov x8,#64; svc #0; mov x0,#0; mov x8,#93; svc #0
    code = bytes.fromhex("200080d2 e1000010 620080d2 080880d2 010000d4 000080d2 a80b80d2 010000d4")
    assert program(b"hi\n", "arm64")[120:] == code + b"hi\n"


def test_another_machine_is_told_to_use_the_hub() -> None:
    with pytest.raises(CatalogError, match="--from hub"):
        program(b"hi\n", "riscv64")
