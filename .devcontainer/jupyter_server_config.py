"""In a codespace the page comes from another address than the server's own: that one is let in."""

import os
import re

c = get_config()  # noqa: F821  (Jupyter provides it)

name = os.environ.get("CODESPACE_NAME")
domain = os.environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN")
if name and domain:
    c.ServerApp.allow_origin_pat = rf"https://{re.escape(name)}-\d+\.{re.escape(domain)}"
