"""The strict content policy: even if hostile text slipped through, the browser would run and fetch nothing of it."""

import base64
import hashlib
import re
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.safe import SCRIPT

INDEX = Path(st.__file__).with_name("static") / "index.html"


class Headers:
    """Adds the policy to every answer, static files included."""

    def __init__(self, app):
        self.app = app
        self.headers = [(name.encode(), value.encode()) for name, value in policy().items()]

    async def __call__(self, scope, receive, send):
        """Pass the request on; put the headers on the first message of the answer."""

        async def answer(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self.headers]
            await send(message)

        await self.app(scope, receive, answer if scope["type"] == "http" else send)


def policy() -> dict[str, str]:
    """Return the headers. The scripts that may run are Streamlit's, whose page is read as it is installed, and the frame's."""
    inline = [*re.findall(r"<script>(.*?)</script>", INDEX.read_text(encoding="utf-8"), flags=re.DOTALL), SCRIPT]
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in inline
    )
    return {
        "content-security-policy": f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-src 'none'; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
    }


POLICY = Middleware(Headers)
