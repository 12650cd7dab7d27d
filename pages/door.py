"""Who may see Setup: whoever sits at this machine, and from elsewhere only who can read what the server prints."""

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


@cache
def _code() -> str:
    """Return the code in force; a new one is printed where the server runs."""
    made = secrets.token_urlsafe(9)
    print(f"  Somebody opened Setup from elsewhere. The code, good for once: {made}", flush=True)
    return made
