"""The page at a web address, waited for while a server in a container is starting.

Knows HTTP and nothing of engines.
"""

from __future__ import annotations

import time

import requests

from insidedocker.lab.errors import NoPage

PATIENCE = 10.0  # seconds
PAUSE = 0.05


def fetch(url: str, seconds: float = PATIENCE, each: float | None = None) -> str:
    """The page at `url`, requested again until it comes or `seconds` are over. `each` limits one
    request, to `seconds` if not given.

    A published port may take connections before the program behind it does. Raises NoPage, a
    `requests.ConnectionError` of one sentence, where no page came.
    """
    end = time.monotonic() + seconds
    with requests.Session() as session:
        session.trust_env = False  # a proxy is for the internet, not for this machine
        while True:
            try:
                return session.get(url, timeout=max(PAUSE, each or seconds)).text
            except requests.RequestException as error:
                if time.monotonic() > end:
                    raise NoPage(f"No page came from {url} within {seconds:g} seconds.") from error
            time.sleep(PAUSE)
