"""The guard in front of every route: without login nothing answers but the login page, and from a viewer nothing is taken.

Where nobody logs in, it answers this machine alone, unless CAIRN_TRUST_PROXY says that a proxy in front asks people who they are.
"""

import html
import json
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import quote, unquote

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.websockets import WebSocketClose
from streamlit.user_info import generate_login_redirect_url
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

from data import CairnError
from data.journal import ask_first
from pages import login, safe
from pages.door import THROUGH
from pages.login import NOT_YET, Person, Settings

READS = {"GET", "HEAD", "OPTIONS"}
CAME_FOR = "cairn_came_for"  # the cookie that leads back to the page somebody wanted before they logged in
OURS = re.compile(r"/[a-z_]+")  # the address of a page, and of nothing else
LONGEST = 1_500  # characters of it
LOGIN, LOGOUT = "/auth/login", "/auth/logout"
POLICY_BROKEN = 1008  # of a WebSocket: closed for want of permission
TRUST = "CAIRN_TRUST_PROXY"
OPEN = (
    "The dashboard was asked to listen beyond this machine, where it would answer everybody, so it did not start.\n"
    "Let people log in (README, Beyond this machine), or set server.address to 127.0.0.1 in .streamlit/config.toml.\n"
    f"Where a proxy in front asks people who they are, say so: {TRUST}=1. Nothing was opened."
)
ELSEWHERE = (
    "Cairn answers the machine it runs on, and this request came from elsewhere.",
    f"Whoever runs Cairn can let people log in, or say that a proxy asks them who they are: {TRUST}=1.",
)
BROKEN = (
    "Whom team.toml lets in cannot be read, so nobody is let in. Whoever runs Cairn sees what is wrong where it runs."
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Cairn</title>
<style>:root {{ color-scheme: light dark; font: 16px/1.5 sans-serif }} body {{ max-width: 40rem; margin: 20vh auto; padding: 0 2rem }}
a {{ display: inline-block; padding: .5rem 1rem; border: 1px solid; border-radius: 6px; color: inherit }}</style></head>
<body><main><h1>Cairn</h1>{told}</main></body></html>"""


class Guard:
    """Lets a request through to the dashboard, or answers in its place."""

    def __init__(self, app: Any, settings: Settings | None) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on what may pass; a WebSocket is asked anew with every message, so that it ends with the login."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        its = self.settings
        answer = self._elsewhere(asked) if its is None else self._stranger(asked, its)
        if answer is not None:
            await (WebSocketClose(POLICY_BROKEN) if scope["type"] == "websocket" else answer)(scope, receive, send)
            return

        async def heard() -> Any:
            message = await receive()
            if message["type"] == "websocket.receive" and its and not isinstance(_who(asked, its), Person):
                await send({"type": "websocket.close", "code": POLICY_BROKEN})
                return {"type": "websocket.disconnect", "code": POLICY_BROKEN}
            return message

        await self.app(scope, heard if scope["type"] == "websocket" else receive, send)

    def _elsewhere(self, asked: HTTPConnection) -> Response | None:
        """Return what somebody elsewhere is told where nobody logs in."""
        passed_on = any(asked.headers.get(name) for name in THROUGH)
        if trusts_a_proxy() or not (passed_on or not login.is_here(asked.client and asked.client.host)):
            return None
        return _page(403, *ELSEWHERE)

    def _stranger(self, asked: HTTPConnection, its: Settings) -> Response | None:
        """Return what answers in place of a page: to a stranger the login, to a viewer who sends something that it is not taken."""
        path, method = asked.scope["path"], asked.scope.get("method")  # a WebSocket has none
        if method == "GET" and path == safe.root() + LOGIN and "provider" not in asked.query_params:
            return RedirectResponse(generate_login_redirect_url("default"), 302, headers={"cache-control": "no-store"})
        if method == "GET" and path in {safe.root() + way for way in (LOGIN, LOGOUT, login.CALLBACK)}:
            return None
        who = _who(asked, its)
        if isinstance(who, str):
            told = ("Log in to look at what your team does and how it goes.",) if who == NOT_YET else (who,)
            answer = _page(401 if who == NOT_YET else 403, *told, way=LOGIN if who == NOT_YET else LOGOUT)
            if who == NOT_YET and method == "GET" and OURS.fullmatch(path.removeprefix(safe.root())):
                asked_for = quote(f"{path}?{asked.url.query}"[:LONGEST])
                answer.set_cookie(CAME_FOR, asked_for, max_age=600, httponly=True, samesite="lax")
            return answer
        if method == "GET" and path == f"{safe.root()}/" and (way := unquote(asked.cookies.get(CAME_FOR, ""))):
            return _led_back(way)
        return None if who.writes or method in READS or method is None else _page(403, login.REFUSED)


def guarded() -> Middleware:
    """Return the guard, before anything answers. Where it would be unsafe to answer, says why and ends with 2."""
    try:
        its = login.settings()
        names_somebody = its is None or bool(login.access().viewers or login.access().editors)
    except CairnError as error:
        _end(str(error))
    if its is None and not trusts_a_proxy() and not login.is_here(st.get_option("server.address")):
        _end(OPEN)
    if not names_somebody:
        _say("People log in, and nobody may look yet: team.toml names nobody under [access].")
    ask_first(login.must_write)
    return Middleware(Guard, settings=its)


def trusts_a_proxy() -> bool:
    """Tell if a proxy in front is said to ask people who they are."""
    return os.environ.get(TRUST) == "1"


def _who(asked: HTTPConnection, its: Settings) -> Person | str:
    try:
        return login.admitted(_claims(asked.cookies, its), its.client, login.access(), datetime.now(UTC))
    except CairnError as error:
        _say(str(error))
        return BROKEN


def _claims(cookies: Mapping[str, str], its: Settings) -> dict[str, Any]:
    """Return what the provider said of somebody, out of the cookie that Streamlit signed; nothing where it is not whole."""
    kept = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    claims = json.loads(kept) if kept else {}
    return claims if isinstance(claims, dict) and claims.get("origin") == its.origin else {}


def _page(status: int, *told: str, way: str = "") -> Response:
    lines = "".join(f"<p><bdi>{html.escape(safe.plain(line))}</bdi></p>" for line in told)
    label = {LOGIN: "Log in", LOGOUT: "Log out, and in as somebody else"}.get(way)
    lines += f'<p><a href="{html.escape(safe.root() + way)}">{label}</a></p>' if label else ""
    return HTMLResponse(PAGE.format(told=lines), status, headers={"cache-control": "no-store"})


def _led_back(way: str) -> Response:
    """Lead to the page somebody came for: one of ours, whatever the cookie says."""
    path, _, query = way.partition("?")
    ours = OURS.fullmatch(path.removeprefix(safe.root())) is not None and path.startswith(safe.root())
    answer = RedirectResponse(
        f"{path}?{query}" if ours else f"{safe.root()}/", 302, headers={"cache-control": "no-store"}
    )
    answer.delete_cookie(CAME_FOR)
    return answer


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _end(line: str) -> NoReturn:
    _say(line)
    raise SystemExit(2)
