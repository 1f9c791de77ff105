"""The locks agree with each other, and environment.yml with the lock; nothing of one machine."""

import re
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.authoring.taste import ROOT

PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;]+)(?: ; (.*?))? \\$", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return {match[1]: match[2] for match in PIN.finditer((ROOT / name).read_text())}


def test_each_package_has_hashes() -> None:
    locks = [*ROOT.glob("locks/requirements*.lock"), *(ROOT / "tests/hosted").glob("*.lock")]
    assert len(locks) == 6
    for lock in locks:
        entries = re.split(r"^(?=\S)", lock.read_text(), flags=re.MULTILINE)
        for entry in entries:
            if "==" in entry:
                assert "--hash=sha256:" in entry, entry


def test_the_tests_environment_and_the_hubs_hold_the_courses() -> None:
    assert pins("locks/requirements.lock").items() <= pins("locks/requirements-dev.lock").items()
    assert pins("locks/requirements.lock").items() <= pins("locks/requirements-hub.lock").items()


def test_the_locks_fit_pyproject() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = settings["project"]
    for lock, wanted in (
        ("locks/requirements.lock", project["dependencies"]),
        ("locks/requirements-dev.lock", project["optional-dependencies"]["dev"]),
        ("locks/requirements-hub.lock", project["optional-dependencies"]["hub"]),
        ("locks/requirements-build.lock", settings["build-system"]["requires"]),
    ):
        locked = pins(lock)
        for requirement in map(Requirement, wanted):
            version = locked[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), f"run make lock: {requirement}"


def test_environment_yml_has_the_locks_pins() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, cli, pip, packages = environment["dependencies"]
    assert (python, pip) == ("python=3.12", "pip")
    assert cli.startswith("docker-cli=")
    listed = dict(entry.split("==") for entry in packages["pip"])
    locked = pins("locks/requirements.lock")
    assert listed.items() <= locked.items(), "run make lock"
    # what is left out belongs to other systems or other Pythons
    for match in PIN.finditer((ROOT / "locks/requirements.lock").read_text()):
        if match[1] not in listed:
            assert re.search(r"platform|python|os_name|implementation", match[3] or ""), match[0]
    assert "appnope" not in listed
    assert "pexpect" in listed


def test_no_address_of_an_index() -> None:
    for path in (
        *ROOT.glob("locks/requirements*.lock"),
        ROOT / "environment.yml",
        ROOT / "Makefile",
    ):
        assert "://" not in path.read_text(), path.name
