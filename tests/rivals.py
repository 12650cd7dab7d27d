"""Collecting beside what somebody might take instead: the same recorded repository, every answer 20 ms late, in one run.

Each is installed from PyPI into an environment of its own, at the version that stands here, and told what spares it most. What a
row holds, its identity and its time, is compared with what was served. The recorded GitHub lies beside this checkout
(../shared/replay); the sandbox company answers only what Cairn asks, so nothing can be measured without it.
"""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx

HOUSE = Path(__file__).resolve().parent.parent
REPLAY = HOUSE.parent / "shared" / "replay"
REPOSITORY = "bitcoin-core/gui"
TOKEN = "recorded"
LATE = 20  # milliseconds
PATIENCE = 1800  # seconds for one collection
STREAMS = {  # as the stand-in calls what it serves, and what people call it
    "pulls": "pull requests",
    "issues": "issues",
    "reviews": "reviews",
    "pull_commits": "commits",
    "transitions": "events",
}
Lines = dict[str, set[str]]  # by stream, what was found: identity and time, as the stand-in tells them

MEASURED = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""

# The recording keeps no reactions and no users: each list says that there are no reactions, and nobody is asked for.
PERCEVAL = """
import json, os, sys
import requests
from grimoirelab_toolkit.datetime import str_to_datetime
from perceval.backends.core.github import GitHub

url, place = sys.argv[1:]
send = requests.Session.request

def filled(self, *rest, **more):
    reply = send(self, *rest, **more)
    if reply.ok and "json" in reply.headers.get("content-type", ""):
        body = reply.json()
        for one in body if isinstance(body, list) else [body]:
            one.setdefault("reactions", {"total_count": 0})
        reply._content = json.dumps(body).encode()
    return reply

requests.Session.request = filled
there = f"{place}/items.ndjson"
dates = [json.loads(line)["updated_at"] for line in open(there)] if os.path.exists(there) else []
with open(there, "a") as kept:
    for category in ("pull_request", "issue"):
        backend = GitHub("bitcoin-core", "gui", api_token=["recorded"], base_url=url)
        since = str_to_datetime(max(dates, default="1970-01-01"))
        for item in backend.fetch(category, from_date=since, filter_classified=True):
            kept.write(json.dumps(item["data"]) + "\\n")
"""

# One timeline for each pull request holds its reviews, its commits and its events: the fewest requests REST allows.
DLT = """
import sys
import dlt
from dlt.sources.rest_api import rest_api_source

url, place = sys.argv[1:]
every = {"state": "all", "per_page": 100, "sort": "updated"}
begins = {"cursor_path": "updated_at", "initial_value": "2000-01-01T00:00:00Z"}
source = rest_api_source({
    "client": {
        "base_url": f"{url}/api/v3/repos/bitcoin-core/gui/",
        "auth": {"type": "bearer", "token": "recorded"},
        "paginator": "header_link",
    },
    "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
    "resources": [
        {"name": "pulls", "endpoint": {
            "path": "pulls", "params": every | {"direction": "desc"}, "incremental": begins | {"row_order": "desc"},
        }},
        {"name": "issues", "endpoint": {
            "path": "issues", "params": every | {"direction": "asc", "since": "{incremental.start_value}"}, "incremental": begins,
        }},
        {"name": "timeline", "primary_key": None, "write_disposition": "append", "include_from_parent": ["number"],
         "parallelized": True,
         "endpoint": {"path": "issues/{resources.pulls.number}/timeline", "params": {"per_page": 100}}},
    ],
})
to = dlt.destinations.duckdb(f"{place}/dlt.duckdb")
pipeline = dlt.pipeline("beside", pipelines_dir=f"{place}/pipelines", destination=to, dataset_name="github")
pipeline.run(source, loader_file_format="parquet")
"""

# It has no setting for the address, and takes addresses apart by it: both ways they are written over.
GITHUB_TO_SQLITE = """
import json, sys
import requests
from github_to_sqlite.cli import cli

url, place = sys.argv[1:]
here, there = f"{url}/api/v3", "https://api.github.com"
send = requests.Session.request

def elsewhere(self, method, url, **more):
    reply = send(self, method, url.replace(there, here), **more)
    reply._content = reply.content.replace(here.encode(), there.encode())
    return reply

requests.Session.request = elsewhere
with open(f"{place}/auth.json", "w") as kept:
    json.dump({"github_personal_token": "recorded"}, kept)
for what in ("pull-requests", "issues"):
    cli([what, f"{place}/github.db", "bitcoin-core/gui", "-a", f"{place}/auth.json"], standalone_mode=False)
"""


def of_cairn(place: Path) -> Lines:
    """Return what Cairn has found, from its own file."""
    from tests.test_recorded import EVENTS, GUI, HELD

    events = f"""
        with told as (
            select number, n from {EVENTS}
            union all
            select body->>'number', unnest(cast(body->'timelineItems'->'nodes' as json[])) from raw.github_issues
        )
        select
            number || ':' || case n->>'__typename'
                when 'HeadRefForcePushedEvent' then 'head_ref_force_pushed'
                when 'ReviewRequestRemovedEvent' then 'review_request_removed'
                else lower(regexp_replace(replace(n->>'__typename', 'Event', ''), '(.)([A-Z])', '\\1_\\2', 'g'))
            end || ':' || coalesce(n->'label'->>'name', '') || ' ' || (n->>'createdAt')
        from told where n->>'createdAt' is not null
    """
    asked = {name: HELD.get(f"{GUI}/{name}", events) for name in STREAMS}
    with duckdb.connect(str(place / "live.duckdb"), read_only=True) as connection:
        return {name: {line for (line,) in connection.execute(sql).fetchall()} for name, sql in asked.items()}


def of_perceval(place: Path) -> Lines:
    found: Lines = {name: set() for name in STREAMS}
    for told in (place / "items.ndjson").open(encoding="utf-8"):
        item = json.loads(told)
        if "pull_request" in item:  # the list of issues holds pull requests, too
            continue
        found["pulls" if "head" in item else "issues"].add(f"{item['number']} {item['updated_at']}")
        found["reviews"] |= {f"{one['id']} {one['submitted_at']}" for one in item.get("reviews_data", ())}
        found["pull_commits"] |= {f"{item['number']}:{sha}" for sha in item.get("commits_data", ())}  # it keeps no time
    return found


def of_dlt(place: Path) -> Lines:
    when = "strftime({} at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')".format
    number = "_pulls_number || ':'"
    asked = {
        "pulls": f"select number || ' ' || {when('updated_at')} from pulls",
        "issues": f"select number || ' ' || {when('updated_at')} from issues where pull_request__url is null",
        "reviews": f"select id || ' ' || {when('submitted_at')} from timeline where event = 'reviewed'",
        "pull_commits": f"select {number} || sha || ' ' || {when('committer__date')} from timeline where event = 'committed'",
        "transitions": f"select {number} || event || ':' || coalesce(label__name, '') || ' ' || {when('created_at')} from timeline",
    }
    with duckdb.connect(str(place / "dlt.duckdb"), read_only=True) as connection:
        connection.execute("use github")
        return {name: {line for (line,) in connection.execute(sql).fetchall()} for name, sql in asked.items()}


def of_github_to_sqlite(place: Path) -> Lines:
    found: Lines = {name: set() for name in STREAMS}
    with contextlib.closing(sqlite3.connect(place / "github.db")) as connection:
        for name, sql in (
            ("pulls", "select number, updated_at from pull_requests"),
            ("issues", "select number, updated_at from issues where pull_request is null"),
        ):
            found[name] = {f"{number} {at}" for number, at in connection.execute(sql)}
    return found


@dataclass(frozen=True)
class Rival:
    """What somebody might take: what is installed, the program that collects into a folder, and how its rows are read there."""

    name: str
    packages: tuple[str, ...]
    program: str
    found: Callable[[Path], Lines]

    @property
    def title(self) -> str:
        return self.packages[0]

    def command(self, environment: Path, url: str, place: Path) -> list[str]:
        return [str(environment / "bin" / "python"), "-c", self.program, url, str(place)]


RIVALS = (
    Rival("perceval", ("perceval==1.6.1",), PERCEVAL, of_perceval),
    Rival("dlt", ("dlt[duckdb,parquet]==1.31.0", f"duckdb=={duckdb.__version__}"), DLT, of_dlt),  # a file that is read here, too
    Rival("github-to-sqlite", ("github-to-sqlite==2.9.1",), GITHUB_TO_SQLITE, of_github_to_sqlite),
)  # fmt: skip


class NotMeasuredError(Exception):
    """Why somebody could not be measured, in a few words."""


def install(rival: Rival, place: Path) -> Path:
    """Return a new environment that holds what a rival needs, from the index that uv is told to use."""
    environment, uv = place / "environment", [sys.executable, "-m", "uv", "--quiet"]
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL")
    told = {**os.environ, **({"UV_DEFAULT_INDEX": index} if index else {})}
    for words in (
        ["venv", "--python", sys.executable, str(environment)],
        ["pip", "install", "--python", str(environment / "bin" / "python"), *rival.packages],
    ):
        ended = subprocess.run([*uv, *words], env=told, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise NotMeasuredError("it could not be installed; without a network nothing can")
    return environment


@contextlib.contextmanager
def standing_in(late: int = LATE, copies: int = 1) -> Iterator[str]:
    """Serve the recorded repository on loopback, in so many copies of its items, and return its address."""
    with tempfile.TemporaryDirectory() as place:
        port = Path(place) / "port"
        command = [
            sys.executable, "serve.py", "--data", "data", "--port-file", str(port), "--token", TOKEN,
            "--latency-ms", f"{late}", "--scale", f"{copies}",
        ]  # fmt: skip
        with subprocess.Popen(command, cwd=REPLAY, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout
                assert "ready" in server.stdout.readline(), "the stand-in did not start"
                yield f"http://127.0.0.1:{port.read_text()}"
            finally:
                server.terminate()


def control(url: str, path: str, **body: Any) -> dict[str, Any]:
    reply = httpx.request("POST" if body else "GET", f"{url}/_control/{path}", json=body or None, timeout=120)
    reply.raise_for_status()
    return reply.json()


def served(url: str) -> Lines:
    """Return what a perfect collector would hold."""
    told = control(url, f"truth?stream=github/{REPOSITORY}/")["streams"]
    return {name: set(told[f"github/{REPOSITORY}/{name}"]["lines"]) for name in STREAMS}


@dataclass(frozen=True)
class Cost:
    """What one collection took: requests served, seconds, seconds of a processor, MiB at most."""

    requests: int
    seconds: float
    processor: float
    memory: float


def measured(url: str, command: list[str], **settings: str) -> Cost:
    """Run a collection in a process of its own and return what it took. Raises NotMeasuredError when it fails."""
    control(url, "reset", faults=True)
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", MEASURED, *command],
        cwd=HOUSE, env={**os.environ, **settings}, capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    code, seconds, processor, memory = json.loads(ended.stdout)
    if code:
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NotMeasuredError(f"it ended with {code} ({last[:120].replace('|', '/')})")
    return Cost(control(url, "stats")["total"], seconds, processor, memory)


def ours(url: str, place: Path) -> tuple[list[str], dict[str, str]]:
    """Return Cairn's own command for the same repository, and what it is told by the environment."""
    (place / "team.toml").write_text(f'[github]\nurl = "{url}"\nrepositories = ["{REPOSITORY}"]\n', encoding="utf-8")
    return [sys.executable, "-m", "collectors", "sync", "--json"], {
        "CAIRN_HOME": str(place),
        "CAIRN_CONFIG": str(place / "team.toml"),
        "CAIRN_INSECURE_HOSTS": "127.0.0.1",
        "GITHUB_TOKEN": TOKEN,
    }


def line(title: str, first: Cost, again: Cost, found: Lines, truth: Lines) -> str:
    rows = " | ".join(f"{len(found[name] & truth[name]):,}" for name in STREAMS)
    return (
        f"| {title} | {first.requests:,} | {first.seconds:.1f} | {first.processor:.1f} | {first.memory:.0f} | {rows}"
        f" | {again.requests:,} | {again.seconds:.1f} |"
    )


def table() -> str | None:
    """Return what all of them took and found as Markdown; None where there is nothing to collect from."""
    if not REPLAY.exists():
        sys.stderr.write("  not measured: the recorded GitHub (../shared/replay) is not beside this checkout\n")
        return None
    with tempfile.TemporaryDirectory() as home, standing_in() as url:
        truth, place = served(url), Path(home) / "cairn"
        place.mkdir()
        command, told = ours(url, place)
        first, again = (measured(url, command, **told) for _ in range(2))
        lines = [line("Cairn, with all else it reads, and an edition", first, again, of_cairn(place), truth)]
        for rival in RIVALS:
            sys.stderr.write(f"  {rival.title} …\n")
            place = Path(home) / rival.name
            place.mkdir()
            try:
                command = rival.command(install(rival, place), url, place)
                first, again = (measured(url, command) for _ in range(2))
                lines.append(line(rival.title, first, again, rival.found(place), truth))
            except NotMeasuredError as why:
                lines.append(f"| {rival.title} | not measured: {why} |{' |' * (len(STREAMS) + 5)}")
    there = " | ".join(f"{len(truth[name]):,}" for name in STREAMS)
    heads = ["what", "requests", "s", "processor s", "MiB", *STREAMS.values(), "requests again", "s again"]
    return "\n".join([
        f"The recorded {REPOSITORY}, from a stand-in on this machine that answers after {LATE} ms; once each, from nothing and then",
        "with nothing new. A row was found when its identity and its time were. Deployments, workflow runs, the default branch and",
        "releases, which nobody else was asked for, are in Cairn's requests and seconds. When a label was put on a pull request is",
        "what Cairn does not ask for; of the others none was asked for events of issues.",
        "",
        f"| {' | '.join(heads)} |",
        f"| --- |{' ---: |' * (len(heads) - 1)}",
        f"| what there is | | | | | {there} | | |",
        *lines,
    ])  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d}\n\n{table()}\n")
