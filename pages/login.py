"""Who somebody is where people log in, and what they may: look, or write as well. Whoever is not certain is nobody."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.auth_util import get_redirect_uri
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from data import CairnError, read_team, team_file
from data.rules import applies
from data.team import Access
from pages import safe

LASTS = timedelta(days=7)  # a login; then the provider is asked again whether the person is still one of us
EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+")  # ASCII and one @: no letter looks like another one
GROUP = "group:"
WANTED = ("client_id", "client_secret", "server_metadata_url", "redirect_uri", "cookie_secret")
CALLBACK = "/oauth2callback"
SHORTEST = 32  # characters of the secret that signs who somebody is
NOT_YET = ""
WRITER = "You look as an editor: what you write down is kept under the name you give."
READER = "You look as a viewer: everything can be read, and nothing can be written. Whoever runs Cairn can make you an editor."
REFUSED = (
    "Nothing was written: you look as a viewer. Whoever runs Cairn can make you an editor, in team.toml under [access]."
)


@dataclass(frozen=True)
class Settings:
    """How people log in: as whose client, and at which scheme, host and port Cairn is reached."""

    client: str
    origin: str


@dataclass(frozen=True)
class Person:
    """Somebody who may look, by the e-mail their provider vouches for."""

    email: str
    writes: bool


@cache
def settings() -> Settings | None:
    """Return how people log in, as it was when the dashboard started; None where nobody has to.

    Raises CairnError when what stands in secrets.toml cannot work: half a login is none, and nobody shall think there is one.
    """
    files = [Path(name) for name in st.get_option("secrets.files") or () if Path(name).exists()]
    if not st.secrets.load_if_toml_exists():
        if files:
            raise CairnError(f"{files[-1]} cannot be read, so nobody could be asked to log in.\n{MEND}")
        return None
    auth = st.secrets.get("auth")
    if auth is None:
        return None
    for file in files:
        if os.name == "posix" and file.is_file() and file.stat().st_mode & 0o077:
            raise CairnError(
                f"{file} can be read by others on this machine, and it holds the secrets of the login.\n"
                f"Run 'chmod 600 {file}' and start again; nothing was opened."
            )
    if wrong := _wrong(auth):
        raise CairnError(f"The login in secrets.toml cannot work: {wrong}.\n{MEND}")
    parts = urlsplit(str(get_redirect_uri(auth)))
    return Settings(auth["client_id"], f"{parts.scheme}://{parts.netloc}")


MEND = "Mend it and start again (README, Beyond this machine); nothing was opened."


def admitted(claims: Mapping[str, Any], client: str, access: Access, now: datetime) -> Person | str:
    """Return who somebody is by what their provider says, or in words why they may not look; NOT_YET before they logged in."""
    if not _holds(claims, now):
        return NOT_YET
    if unsure := _unsure(claims, client):
        return unsure
    if not (access.viewers or access.editors):
        return "Nobody may look yet: team.toml names nobody under [access]."
    email: str = claims["email"]
    told = claims.get("groups")
    groups = [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
    if _fits(access.editors, email, groups):
        return Person(email, writes=True)
    if _fits(access.viewers, email, groups):
        return Person(email, writes=False)
    return f"You are logged in as {email}, and that is nobody team.toml lets in."


def access() -> Access:
    """Return whom team.toml lets in now; nobody where there is none. Raises CairnError when it has a mistake."""
    return read_team(team_file()).access if team_file().exists() else Access()


def person() -> Person | str | None:
    """Return who this page is drawn for, in words why they may not look, or None where nobody has to log in."""
    its = settings()
    return admitted(st.user.to_dict(), its.client, access(), datetime.now(UTC)) if its else None


def may_write() -> bool:
    """Tell if whoever looks may write: everybody where nobody logs in, else who team.toml says."""
    who = person()
    return who is None or (isinstance(who, Person) and who.writes)


def must_write() -> None:
    """Raise CairnError when whoever writes may only look."""
    if not may_write():
        raise CairnError(REFUSED)


def reads_only() -> bool:
    """Tell if whoever looks may not write here, and say so in place of what would be written with."""
    if may_write():
        return False
    safe.text(READER, "note")
    return True


def is_here(host: str | None) -> bool:
    """Tell if an address is one of this machine alone."""
    try:
        return host == "localhost" or ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return False


def _holds(claims: Mapping[str, Any], now: datetime) -> bool:
    """Tell if somebody logged in, and not too long ago."""
    made = claims.get("iat")
    if claims.get("is_logged_in") is not True or not isinstance(made, (int, float)):
        return False
    return now.timestamp() - made <= LASTS.total_seconds()


def _unsure(claims: Mapping[str, Any], client: str) -> str:
    """Return in words what a login lacks to say for certain who somebody is, nothing where it lacks nothing."""
    email, audience = claims.get("email"), claims.get("aud")
    if client not in ([audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []):
        return "This login was made for another application."
    if not isinstance(email, str) or not EMAIL.fullmatch(email):
        return "Your provider does not say which e-mail is yours."
    return "" if claims.get("email_verified") is True else f"Your provider does not vouch that {email} is yours."


def _wrong(auth: Any) -> str:
    """Return what is wrong with the settings of a login, nothing where they can work."""
    if missing := [name for name in WANTED if not isinstance(auth.get(name), str) or not auth[name].strip()]:
        return f"[auth] lacks {', '.join(missing)}"
    if len(auth["cookie_secret"]) < SHORTEST:
        return f"cookie_secret has fewer than {SHORTEST} characters, so who somebody is could be forged"
    for name in ("server_metadata_url", "redirect_uri"):
        parts = urlsplit(auth[name].replace("{port}", ""))
        if parts.scheme != "https" and not (parts.scheme == "http" and is_here(parts.hostname)):
            return f"{name} is not https"
    return _unreachable(str(get_redirect_uri(auth)))


def _unreachable(address: str) -> str:
    """Return why nobody would come back from their provider to an address, or safely stay there; nothing where all is well."""
    parts = urlsplit(address)
    if parts.path != f"{safe.root()}{CALLBACK}":
        return f"redirect_uri does not end in {safe.root()}{CALLBACK}"
    if not is_host_allowed(parts.netloc):
        return f"server.allowedHosts in .streamlit/config.toml lacks {parts.hostname}, which redirect_uri names"
    if st.get_option("server.trustedUserHeaders"):
        return "server.trustedUserHeaders is set as well, and anybody could send such a header"
    return ""


def _fits(listed: tuple[str, ...], email: str, groups: list[str]) -> bool:
    """Tell if an allow list names a person. What begins with group: is never matched with an e-mail, nor the other way round."""
    emails = [one for one in listed if not one.startswith(GROUP)]
    named = [one.removeprefix(GROUP).strip() for one in listed if one.startswith(GROUP)]
    return applies(emails, email) or any(applies(named, group) for group in groups)
