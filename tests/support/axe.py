"""axe-core on a part of a page: its findings, and a report of them for people."""

from __future__ import annotations

import re
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.support.jupyterlab import ARTEFACTS

GRAVE = ("serious", "critical")
OURS = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output"


def serious(page: Page, name: str, part: str = OURS) -> list[str]:
    """Return axe-core's serious and critical findings within `part`, one line each.

    Writes all findings into the report `axe-NAME.txt`, with the number of rules checked.
    """
    found = Axe().run(page, part, {"resultTypes": ["violations", "passes"]})
    result: dict[str, Any] = found.response
    folder = ARTEFACTS / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    engine = result["testEngine"]
    report = (
        f"{engine['name']} {engine['version']} within {part}\n"
        f"{len(result['passes'])} rules hold, {len(result['violations'])} do not.\n"
        f"{found.generate_report() if result['violations'] else ''}"
    )
    (folder / f"axe-{name}.txt").write_text(re.sub(r"token=\w+", "token=…", report))
    assert result["passes"], f"nothing was there to be looked at: {part}"
    return [
        f"{each['id']} ({each['impact']}): {node['html']}"
        for each in result["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]
