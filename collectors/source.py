"""What a source is: one GitHub or one Jira site, the key to its door, and the scopes read from it."""

import base64
import itertools
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from collectors import usage
from collectors.wire import Wire
from data import CairnError, Team, team, team_file
from data.store import Company
from data.team import CHECKOUT, GitHub, source_name

VERSION = {"X-GitHub-Api-Version": "2022-11-28"}


@dataclass(frozen=True)
class Source:
    """One service to collect from. `scopes` are repositories, or "*" for a Jira site's projects together.

    `github` is what team.toml says of it: repositories may also be found in organisations. `auth`, if any, signs each request.
    """

    kind: str
    name: str
    root: str
    graphql_at: str
    headers: dict[str, str]
    scopes: tuple[str, ...]
    projects: tuple[str, ...] = ()
    transport: httpx.AsyncBaseTransport | None = None
    github: tuple[GitHub, ...] = ()
    auth: httpx.Auth | None = None

    def wire(self) -> Wire:
        """Return a line to this source. Raises CairnError when its address is not to be trusted."""
        title = {"github": "GitHub", "jira": "Jira", "usage": "Usage"}[self.kind]
        return Wire(f"{title} ({self.name})", self.root, self.headers, self.graphql_at, self.transport, auth=self.auth)


def sources(words: Team) -> list[Source]:
    """Return the sources team.toml names, with the tokens of the environment. Raises CairnError when one lacks its token."""
    tables: dict[str, list[GitHub]] = {}
    for table in words.github:  # several tables may speak of one GitHub: it has one budget, so it is one source
        tables.setdefault(table.url, []).append(table)
    sites: dict[str, list[str]] = {}
    for table in words.jira:
        sites.setdefault(table.url, []).extend(table.projects)
    return [*map(_github, map(tuple, tables.values())), *itertools.starmap(_jira, sites.items()), *_usage("team")]


def _github(tables: tuple[GitHub, ...]) -> Source:
    url = tables[0].url
    rest, graphql = github_roots(url)
    name, listed = source_name(url), tuple(name for table in tables for name in table.repositories)
    if secret("GITHUB_APP_ID"):
        from collectors.github_app import installation  # noqa: PLC0415 what it signs with takes long to import

        signed = installation(rest, secret)
        return Source("github", name, rest, graphql, VERSION, listed, github=tables, auth=signed)
    token = secret("GITHUB_TOKEN")
    if not token:
        raise CairnError(
            f"GITHUB_TOKEN is not set, but {team_file().name} names repositories on {url}.\n"
            "Put a read-only token, or the three GITHUB_APP_ settings, into the environment or into .env and run again;"
            " nothing was collected."
        )
    headers = {"Authorization": f"Bearer {token}", **VERSION}
    return Source("github", name, rest, graphql, headers, listed, github=tables)


def _usage(which: Company) -> list[Source]:
    """Return the folder of usage files as a source, if there are any."""
    return [Source("usage", "files", "", "", {}, ("*",), transport=usage.Nowhere())] if usage.files(which) else []


def _jira(url: str, projects: list[str]) -> Source:
    email, token, pat = secret("JIRA_EMAIL"), secret("JIRA_TOKEN"), secret("JIRA_PAT")
    if email and token:
        key = "Basic " + base64.b64encode(f"{email}:{token}".encode()).decode()
    elif pat:
        key = f"Bearer {pat}"
    else:
        raise CairnError(
            f"JIRA_EMAIL and JIRA_TOKEN (or JIRA_PAT) are not set, but {team_file().name} names projects on {url}.\n"
            "Put them into the environment or into .env and run again; nothing was collected."
        )
    named = tuple(dict.fromkeys(projects))
    return Source("jira", source_name(url), url, "", {"Authorization": key}, ("*",), named)


def github_roots(url: str) -> tuple[str, str]:
    """Return the addresses of REST and GraphQL of a GitHub: github.com, a ghe.com tenant, or an Enterprise server."""
    host = urlsplit(url).hostname or ""
    if host == "github.com" or host.endswith(".ghe.com"):
        api = f"https://api.{host}"
        return api, f"{api}/graphql"
    return f"{url}/api/v3", f"{url}/api/graphql"


def sandbox(until: date | None = None) -> tuple[list[Source], date]:
    """Return the sandbox company's two sources and the day its life begins. It needs no network and no token."""
    from collectors.sandbox import anchor, app  # noqa: PLC0415 — the made-up company is built only when it is asked for

    day = until or sandbox_day()
    door = httpx.ASGITransport(app=app(day))
    words = team("sandbox")
    rest, graphql = github_roots(words.github[0].url)
    headers = {"Authorization": "Bearer sandbox"}
    return [
        Source(
            "github",
            source_name(words.github[0].url),
            rest,
            graphql,
            headers,
            words.github[0].repositories,
            transport=door,
            github=words.github,
        ),
        Source(
            "jira", source_name(words.jira[0].url), words.jira[0].url, "", headers, ("*",), words.jira[0].projects, door
        ),
        *_usage("sandbox"),
    ], anchor(day)


def sandbox_day() -> date:
    """Return the day the sandbox company lives to: today, unless CAIRN_SANDBOX_DAY names another."""
    told = os.environ.get("CAIRN_SANDBOX_DAY")
    return date.fromisoformat(told) if told else datetime.now(UTC).date()


def any_token() -> bool:
    """Return whether a token of any service is set: then the team's own data are meant, else the sandbox company."""
    return any(map(secret, ("GITHUB_TOKEN", "GITHUB_APP_ID", "JIRA_TOKEN", "JIRA_PAT")))


def secret(name: str) -> str:
    """Return a secret of the environment or of .env, or nothing. Raises CairnError when others may read .env."""
    return os.environ.get(name, "").strip() or _env_file().get(name, "")


def _env_file(path: Path = CHECKOUT / ".env") -> dict[str, str]:
    if not path.exists():
        return {}
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise CairnError(
            f"{path} can be read by others on this machine.\nRun 'chmod 600 {path.name}' and try again; nothing was sent."
        )
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.removeprefix("export ").split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, value in pairs}
