"""A pytest plugin for docker-py's own tests: before each of them the engine gets back the images
that an earlier one has removed.

SEED_IMAGES is a folder with archives, `<name>,<tag>.tar` each; DOCKER_HOST is the engine.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import requests_unixsocket

IMAGES = Path(os.environ["SEED_IMAGES"])
BASE = "http+unix://" + quote(os.environ["DOCKER_HOST"].removeprefix("unix://"), safe="")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    with requests_unixsocket.Session() as session:
        for archive in IMAGES.glob("*.tar"):
            name = archive.stem.replace(",", ":")
            try:
                if session.get(f"{BASE}/images/{name}/json", timeout=60).status_code == 404:
                    _load(session, archive)
            except requests.RequestException as error:
                item.add_report_section("setup", "seeding", f"{name}: {error}")


def _load(session: requests_unixsocket.Session, archive: Path) -> None:
    headers = {"Content-Type": "application/x-tar"}
    with archive.open("rb") as body:
        session.post(f"{BASE}/images/load?quiet=1", data=body, headers=headers, timeout=60)
