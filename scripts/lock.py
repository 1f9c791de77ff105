"""Writes the locks and environment.yml from pyproject.toml; `make lock` runs it.

Pins that still fit are kept; `make lock ARGS=--upgrade` takes the newest that fit.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
BINDER_PYTHON = "3.12"
# The docker command for terminals; no Debian or Ubuntu package has it without the daemon before
# Debian 13.
BINDER_CLI = "docker-cli=29.4"
ENVIRONMENT = """\
# What Binder installs: the pins of locks/requirements.lock for Linux. `make lock` writes this file.
# The package itself is installed by postBuild, so that the layer with these can be cached.
"""


def main(options: list[str]) -> int:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    # editables is what the build backend asks for when it installs in place
    build = [*settings["build-system"]["requires"], "editables"]
    compile_lock(["pyproject.toml", "--extra", "dev"], "locks/requirements-dev.lock", options)
    # the same pins in both, so that the tests' environment serves the course too
    same = ["--constraints", "locks/requirements-dev.lock"]
    compile_lock(["pyproject.toml", *same], "locks/requirements.lock", options)
    compile_lock(
        ["pyproject.toml", "--extra", "hub", *same], "locks/requirements-hub.lock", options
    )
    compile_lock(["-"], "locks/requirements-build.lock", options, given="\n".join(build))
    # what the tests of hosting ask, each in an environment of its own
    for tool in ("kubernetes", "repo2docker"):
        wanted = ROOT / "tests" / "hosted" / f"{tool}.in"
        compile_lock([str(wanted)], str(wanted.with_suffix(".lock")), options)
    (ROOT / "environment.yml").write_text(environment_yml())
    return 0


def compile_lock(source: list[str], lock: str, options: list[str], given: str = "") -> None:
    """Let uv resolve for every platform and Python from 3.11 on, with hashes."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    form = ["--python-version", "3.11", "--generate-hashes", "--no-header", "--output-file", lock]
    subprocess.run(
        [*command, *form, *options, *source],
        cwd=ROOT,
        input=given,
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def environment_yml() -> str:
    """A conda environment with the runtime's pins, as pip takes them."""
    pins = lock_pins((ROOT / "locks/requirements.lock").read_text())
    environment = {
        "name": "insidedocker",
        "channels": ["conda-forge"],
        "dependencies": [f"python={BINDER_PYTHON}", BINDER_CLI, "pip", {"pip": pins}],
    }
    return ENVIRONMENT + yaml.safe_dump(environment, sort_keys=False)


def lock_pins(lock: str) -> list[str]:
    """The `name==version` of a lock that apply to Linux and Binder's Python."""
    platform = {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": BINDER_PYTHON,
        "python_full_version": f"{BINDER_PYTHON}.0",
    }
    pins = []
    for line in lock.splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip(" \\"))
            if requirement.marker is None or requirement.marker.evaluate(platform):
                pins.append(f"{requirement.name}{requirement.specifier}")
    return pins


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
