"""The connection to a tapped engine, from an address in the form of DOCKER_HOST."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

from insidedocker.lab.engines.session import base_of, certificates, socket_of
from insidedocker_engine.recording.proxy import Target


def target_of(url: str) -> Target:
    """The target for an address in the form of DOCKER_HOST. Raises NoEngine for another kind of
    address."""
    path = socket_of(url)
    if path is not None:
        return Target(path)
    parts = urlsplit(base_of(url))
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    return Target(None, parts.hostname or "", port, _client_tls() if secure else None)


def _client_tls() -> ssl.SSLContext:
    verify, certificate = certificates()
    context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context
