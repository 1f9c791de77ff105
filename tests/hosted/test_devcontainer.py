"""The dev container's file says nothing that the specification does not know.

The published schema is in no package that the tests may install: this one is written from the
documented properties, and knows only those that the file uses. In the longer run the
specification's own command reads it, too.
"""

import json
import os
import re
import subprocess
import sys

import jsonschema
import pytest

from tests.hosted import hosting
from tests.hosted.hosting import ASKED_FOR, ROOT
from tests.support.engines import Engine, need
from tests.support.missing import skip_missing

FOLDER = ROOT / ".devcontainer"
CLI = "@devcontainers/cli@0.89.0"
TEXT = {"type": "string", "minLength": 1}
SIZE = {"type": "string", "pattern": r"^\d+([tgmk]b)?$"}
COMMAND = {"oneOf": [TEXT, {"type": "array", "items": TEXT}]}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["image"],
    "properties": {
        "name": TEXT,
        "image": TEXT,
        "features": {
            "type": "object",
            "propertyNames": {"pattern": r"^[a-z0-9.-]+(/[a-z0-9._-]+)+:\d+(\.\d+)*$"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": ["string", "boolean"]},
            },
        },
        "hostRequirements": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "cpus": {"type": "integer", "minimum": 1},
                "memory": SIZE,
                "storage": SIZE,
            },
        },
        "containerEnv": {"type": "object", "additionalProperties": {"type": "string"}},
        "postCreateCommand": COMMAND,
        "postAttachCommand": COMMAND,
        "portsAttributes": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "label": TEXT,
                    "onAutoForward": {
                        "enum": [
                            *("notify", "openBrowser", "openBrowserOnce", "openPreview"),
                            *("silent", "ignore"),
                        ]
                    },
                },
            },
        },
    },
}


def test_it_is_as_the_specification_says() -> None:
    found = json.loads((FOLDER / "devcontainer.json").read_text())
    jsonschema.validate(found, SCHEMA)
    assert any("docker-in-docker" in feature for feature in found["features"])


def test_its_commands_are_the_courses() -> None:
    found = json.loads((FOLDER / "devcontainer.json").read_text())
    assert found["postAttachCommand"] == "make lab"
    program, script, *_ = found["postCreateCommand"].split()
    assert program == "python3" and (ROOT / script).is_file()


def test_a_codespaces_own_address_is_let_in_and_no_other() -> None:
    code = (
        "import sys\n"
        "from traitlets.config import Config\n"
        "c = Config()\n"
        "exec(open(sys.argv[1]).read(), {'get_config': lambda: c})\n"
        "print(c.ServerApp.get('allow_origin_pat'))\n"
    )
    told = {
        "CODESPACE_NAME": "shiny-disco",
        "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.x.dev",
    }

    def pattern(environment: dict[str, str]) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, str(FOLDER / "jupyter_server_config.py")],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    assert pattern({"CODESPACE_NAME": ""}) in ("None", "{}")
    found = pattern(told)
    assert re.fullmatch(found, "https://shiny-disco-8888.app.x.dev")
    for other in ("https://shiny-disco-8888.appxx.dev", "https://evil-8888.app.x.dev"):
        assert not re.fullmatch(found, other)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.skipif(not ASKED_FOR, reason="fetches a package of npm's: INSIDEDOCKER_MORE=hosted")
def test_the_specifications_own_command_reads_it(embedded_namespaces: Engine) -> None:
    with skip_missing():
        cli = hosting.npm(CLI, "devcontainer")
        need("docker", "docker.io")  # by which it looks for a container that runs already
    done = subprocess.run(
        [cli, "read-configuration", "--workspace-folder", str(ROOT)],
        env=embedded_namespaces.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)["configuration"]
    written = json.loads((FOLDER / "devcontainer.json").read_text())
    assert {name: read[name] for name in written if name != "containerEnv"} == {
        name: value for name, value in written.items() if name != "containerEnv"
    }
