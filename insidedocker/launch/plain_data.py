"""A Jupyter Server extension for all of the course's servers: data is never shown as a page.

nbgrader sends JSON as text/html. A browser that opens such an answer by a link would run scripts
that a learner, or the link itself, has put into the data.
"""

from __future__ import annotations

from typing import Any

from tornado import httputil, web


class PlainData(web.OutputTransform):
    """Sends JSON that is labelled as HTML as plain text."""

    def __init__(self, request: httputil.HTTPServerRequest) -> None:
        pass

    def transform_first_chunk(
        self, status_code: int, headers: httputil.HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, httputil.HTTPHeaders, bytes]:
        if headers.get("Content-Type", "").startswith("text/html") and chunk[:1] in (b"{", b"["):
            headers["Content-Type"] = "text/plain; charset=UTF-8"
            headers["X-Content-Type-Options"] = "nosniff"
        return status_code, headers, chunk


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "insidedocker.launch.plain_data"}]


def _load_jupyter_server_extension(server: Any) -> None:
    # Before the transform that compresses.
    server.web_app.transforms.insert(0, PlainData)
