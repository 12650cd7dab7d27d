"""Who may do what not everybody may: see Setup, and ask in SQL. Whoever sits at this machine may do both.

From elsewhere Setup opens to who can read what the server prints, and SQL where whoever runs Cairn says so.
"""

import os
import secrets
from functools import cache

import streamlit as st

from pages import safe

HERE = {"127.0.0.1", "::1", "[::1]", "localhost"}
THROUGH = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")  # what a proxy adds


def let_in() -> bool:
    """Tell if Setup may be shown; if not, ask for the code, which opens it once, for one visit."""
    if nearby() or st.session_state.get("let_in"):
        return True
    safe.text(
        "Setup opens on the machine that Cairn runs on. From elsewhere it asks for the code that the server has just printed.",
        "lead",
    )
    typed = st.text_input("Code", key="code", type="password", width=320)
    if typed and secrets.compare_digest(typed.strip().encode(), _code().encode()):
        _code.cache_clear()
        st.session_state["let_in"] = True
        return True
    if typed:
        safe.text("That is not the code.", "note")
    _code()
    return False


def nearby() -> bool:
    """Tell if the server listens on this machine alone, and nothing between passed this visit on from elsewhere."""
    host = st.context.headers.get("Host", "localhost")
    name = host if host in HERE else host.rpartition(":")[0]
    passed_on = any(st.context.headers.get(header) for header in THROUGH)
    return st.get_option("server.address") in HERE and name in HERE and not passed_on


def may_ask() -> bool:
    """Tell if questions in SQL are answered: where only this machine is listened to, unless CAIRN_CONSOLE says 1 or 0."""
    told = os.environ.get("CAIRN_CONSOLE")
    return told == "1" or (told != "0" and nearby())


@cache
def _code() -> str:
    """Return the code in force; a new one is printed where the server runs."""
    made = secrets.token_urlsafe(9)
    print(f"  Somebody opened Setup from elsewhere. The code, good for once: {made}", flush=True)
    return made
