"""Jupyter Server extension that replaces nbgrader's Formgrader on an instructor's server.

Its pages run no scripts but nbgrader's own, and learners' files are never sent as pages.
docs/security.md describes the attacks that this prevents.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
import secrets
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import BaseLoader, Environment
from jupyter_server.base.handlers import AuthenticatedFileHandler, JupyterHandler
from jupyter_server.nbconvert import handlers as nbconvert
from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.formgrader import apihandlers, handlers
from nbgrader.server_extensions.formgrader.base import check_notebook_dir, check_xsrf
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from tornado import web

from insidedocker.grading import settings

HANDED_IN = {"downloaded", "submitted", "autograded", "feedback"}
"""Folders of a course that hold learners' files."""

PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
TEXT = "text/plain; charset=UTF-8"

_MATHJAX = "https://cdnjs.cloudflare.com"
_nonce: ContextVar[str] = ContextVar("nonce")


_IN_A_TAG = re.compile(r"""\son[a-z]+="([^"{]*)\"""", re.IGNORECASE)


def _in_tags() -> Iterator[str]:
    """Yield CSP digests of the scripts in attributes of nbgrader's templates: an attribute cannot
    have a nonce."""
    for path in sorted(Path(handlers.template_path).rglob("*.*")):
        for script in _IN_A_TAG.findall(path.read_text(encoding="utf-8")):
            digest = hashlib.sha256(script.encode()).digest()
            yield f"'sha256-{base64.b64encode(digest).decode()}'"


_RULES = (
    "default-src 'self'",
    # MathJax evaluates its settings, which the template holds.
    "script-src 'nonce-{nonce}' 'strict-dynamic' 'unsafe-eval' 'unsafe-hashes' "
    + " ".join(_in_tags()),
    f"connect-src 'self' {_MATHJAX} https://api.cdnjs.com",
    f"style-src 'self' 'unsafe-inline' {_MATHJAX}",
    f"font-src 'self' data: {_MATHJAX}",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
)


class _Page:
    """Mixin for nbgrader's handlers: sends their pages with a CSP that has a nonce per request."""

    request: Any
    settings: dict[str, Any]
    _own_nonce = ""

    @property
    def content_security_policy(self) -> str:
        # An error page sets the headers a second time: keep the request's nonce.
        self._own_nonce = self._own_nonce or secrets.token_urlsafe(16)
        rules = "; ".join(_RULES).format(nonce=self._own_nonce)
        return f"{super().content_security_policy}; {rules}"  # type: ignore[misc]

    def render(self, name: str, **values: Any) -> Any:
        _nonce.set(self._own_nonce)
        return super().render(name, **values)  # type: ignore[misc]

    @property
    def exporter(self) -> _Exporter:
        return _Exporter(super().exporter, self._own_nonce, self.request.host_name)  # type: ignore[misc]


class _Exporter:
    """Converts a submission's notebook to a page for one request."""

    def __init__(self, exporter: Any, nonce: str, host: str) -> None:
        self._exporter, self._nonce, self._host = exporter, nonce, host

    def from_filename(self, filename: str, resources: dict[str, Any]) -> Any:
        _nonce.set(self._nonce)
        # nbgrader's template does not escape names.
        plain = {
            name: escape(value) if isinstance(value, str) else value
            for name, value in resources.items()
        }
        return self._exporter.from_filename(filename, {**plain, "own_host": self._host})


class _WithNonce(BaseLoader):
    """Template loader that gives each script in a template the page's nonce; a script inserted
    later, as a value, has none."""

    def __init__(self, templates: BaseLoader) -> None:
        self._templates = templates

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, *rest = self._templates.get_source(environment, template)
        return source.replace("<script", '<script nonce="{{ nonce() }}"'), *rest  # type: ignore[return-value]


def _teach(environment: Environment) -> None:
    assert environment.loader is not None
    environment.loader = _WithNonce(environment.loader)
    environment.globals["nonce"] = _nonce.get


class _Start(handlers.FormgraderHandler):
    """Redirects to this course. nbgrader's handler would load, and run, the settings in any folder
    that a link names."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    def get(self) -> None:
        self.redirect(f"{self.base_url}/formgrader/manage_assignments")


def harmless(kind: str | None) -> str:
    """Return the content type for a learner's file: pictures keep theirs, text is plain text, and
    anything else is a download."""
    kind = kind or ""
    if kind in PICTURES:
        return kind
    word = kind.partition("/")[2]
    if kind.startswith("text/") or word.endswith(("xml", "json", "javascript")):
        return TEXT
    return "application/octet-stream"


class _SubmissionFiles(handlers.SubmissionFilesHandler):
    """Files beside a submission's notebook, sandboxed and never a page."""

    @property
    def content_security_policy(self) -> str:
        return f"{super().content_security_policy}; sandbox; default-src 'none'"

    def get_content_type(self) -> str:
        return harmless(mimetypes.guess_type(str(self.absolute_path))[0])


class Files(AuthenticatedFileHandler):
    """Jupyter's /files/: runs no scripts; learners' files are never a page."""

    @property
    def content_security_policy(self) -> str:
        return f"{JupyterHandler.content_security_policy.fget(self)}; sandbox"  # type: ignore[attr-defined]

    def get_content_type(self) -> str:
        kind = super().get_content_type()
        if HANDED_IN & set(PurePosixPath(self.path).parts):
            return harmless(kind.partition(";")[0])
        return kind


class _Converted(nbconvert.NbconvertFileHandler):
    """Jupyter's /nbconvert/: a notebook as a page without scripts."""

    @property
    def content_security_policy(self) -> str:
        return f"{JupyterHandler.content_security_policy.fget(self)}; sandbox"  # type: ignore[attr-defined]


class Formgrader(FormgradeExtension):
    """nbgrader's Formgrader with our handlers before its own."""

    def init_tornado_settings(self, webapp: web.Application) -> None:
        super().init_tornado_settings(webapp)
        pages = webapp.settings["nbgrader_jinja2_env"]
        pages.autoescape = True
        _teach(pages)
        _teach(webapp.settings["nbgrader_exporter"].environment)

    def init_handlers(self, webapp: web.Application) -> None:
        ours: list[Any] = []
        instead = {
            handlers.FormgraderHandler: _Start,
            handlers.SubmissionFilesHandler: _SubmissionFiles,
        }
        for pattern, handler, *rest in handlers.default_handlers:
            if handler in instead:
                ours.append((pattern, instead[handler], *rest))
            elif issubclass(handler, handlers.BaseHandler):
                fenced = type(handler.__name__, (_Page, handler), {})
                ours.append((pattern, fenced, *rest))
            else:
                ours.append((pattern, handler, *rest))
        ours = [*apihandlers.default_handlers, *ours]
        for pattern, handler, *rest in nbconvert.default_handlers:
            if handler is nbconvert.NbconvertFileHandler:
                ours.append((pattern, _Converted, *rest))
        base = webapp.settings["base_url"]
        placed = [(url_path_join(base, each[0].lstrip("/")), *each[1:]) for each in ours]
        webapp.add_handlers(".*$", placed)
        super().init_handlers(webapp)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "insidedocker.teaching.formgrader"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Load as nbgrader's extension does, with this module's Formgrader."""
    settings.work_in_private()
    formgrader = Formgrader(parent=server)
    formgrader.root_dir = server.root_dir
    formgrader.log = server.log
    formgrader.initialize([])
    formgrader.init_tornado_settings(server.web_app)
    formgrader.init_handlers(server.web_app)
