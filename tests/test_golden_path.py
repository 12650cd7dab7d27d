"""The golden path of every metric: what the APIs said, collected, is the number that is printed and the number on the page.

A made-up company of four repositories is served by the sandbox's APIs, with more things happening in it by hand, and collected
as any company is. Each number is then worked out a second time, here, from what was served: in plain Python, with nothing of
metrics/, of data/ or of SQL.
"""

import asyncio
import csv
import dataclasses
import io
import json
import re
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from math import log
from pathlib import Path
from random import Random
from statistics import fmean, median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from collectors import source, sync
from collectors.sandbox import jira_shapes, server
from collectors.sandbox.company import BOTS, PEOPLE, PROVISION, REQUEST_TYPE, SPRINT
from collectors.sandbox.life import live
from collectors.sandbox.records import Deployment, Run, account
from data import Live, home, team
from metrics import METRICS, __main__
from tests.conftest import Silent

HOUSE = Path(__file__).resolve().parent.parent
BERLIN = ZoneInfo("Europe/Berlin")
BORN = date(2025, 3, 3)
WEEKS, SEED = 44, 11
UNTIL = datetime.combine(BORN + timedelta(weeks=WEEKS), time(), UTC)  # to when GitHub and Jira are read
USAGE_UNTIL = UNTIL + timedelta(days=6)  # the files tell of that many days more
REPOSITORIES = ("storefront", "checkout", "ledger", "platform")
HOLIDAYS = (date(2025, 5, 1), date(2025, 6, 9), date(2025, 12, 25), date(2025, 12, 26))
WORDS = f"""
timezone = "Europe/Berlin"
bots = ["renewbot", "style-owl", "deploy-lantern"]

[[github]]
url = "https://github.sandbox.example"
repositories = [{", ".join(f'"marrowby/{name}"' for name in REPOSITORIES)}]

[[jira]]
url = "https://jira.sandbox.example"
projects = ["SHOP", "PAY", "OPS"]

[[teams]]
name = "Everybody"
repositories = ["marrowby/*"]

[calendar]
hours = [9, 17]
holidays = [{", ".join(map(str, HOLIDAYS))}]

[deployments]
production = ["production", "prod"]
hotfix = ["deploy:hotfix", "hotfix/*"]
rollback = ["deploy:rollback"]

[statuses]
queue = ["To Do"]
active = ["In Progress"]
wait = ["In Review", "Blocked", "Wartet auf Antwort"]
done = ["Done"]

[work]
explore = {{ types = ["Experiment"] }}
goal = {{ types = ["Story"], parents = ["Better *"] }}
keep = {{ labels = ["database"] }}

[[workflows]]
name = "Provision service"
runs = ["provision-service.yml"]
replaces = ["New service"]
area = "* for {{area}}"
opens = ["form opened"]
support = {{ labels = ["access-request"], hours = 0.5 }}

[toil]
labels = ["database", "new-service"]
"""
KINDS = {"To Do": "queue", "In Progress": "active", "Done": "done"}  # all other statuses wait
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)

# The company


def happen(diary: Any) -> None:
    """Let more happen than the sandbox tells: re-runs, incidents nobody wrote down, hand-overs, quick starts, a tidying.

    What it tries on purpose it tries sooner, so that it ends within these weeks.
    """
    production = [one for one in diary.deployments if one.environment != "preprod" and len(one.statuses) == 3]
    for n, one in enumerate(production[::20]):
        at = one.statuses[-1][0] + (4 + 3 * (n % 4)) * 60  # up to 10 minutes later it is the same one, 13 later another
        again = [(at + 30, "QUEUED", ""), (at + 90, ("SUCCESS", "FAILURE")[n % 3 == 0], "")]
        diary.deployments.append(Deployment(one.service, one.environment, one.sha, one.task, at, again, 990_000 + n))
    diary.deployments.sort(key=lambda one: one.at)
    incidents = [one for one in diary.tickets if one.kind == "Incident"]
    unwritten = set(map(id, incidents[::3]))
    for one in [one for one in diary.deployments if one.task == "deploy:rollback"][::2]:  # only the revert tells of it
        diary.deployments.remove(one)
        unwritten |= {id(ticket) for ticket in incidents if ticket.events[-1][0] == one.at + 1800}
    diary.tickets = [
        one for one in diary.tickets if one.component in {None, *REPOSITORIES} and id(one) not in unwritten
    ]
    trace(diary)
    asked = [one for one in diary.tickets if one.request]
    for n, ticket in enumerate(asked):
        taken = next(place for place, event in enumerate(ticket.events) if event[2][0][0] == "assignee")
        begun = next(place for place, event in enumerate(ticket.events) if event[2][0][0] == "status")
        who = ticket.events[taken][1]
        if n % 4 == 0:
            ticket.events[taken] = (ticket.at + 600, *ticket.events[taken][1:])
            ticket.events[begun] = (ticket.at + 1200, *ticket.events[begun][1:])
        if n % 3 == 0:
            other = next(login for login in PEOPLE["Platform"] if login != who)
            handed = ("assignee", "assignee", account(who), who, account(other), other)
            ticket.events.append((ticket.events[taken][0] + 1800, who, [handed]))
        ticket.events.sort(key=lambda event: event[0])
    tried, earlier = next(one for one in diary.tickets if one.kind == "Experiment"), 10 * int(WEEK.total_seconds())
    tried.at -= earlier
    tried.events = [(at - earlier, *told) for at, *told in tried.events]
    friday = int(datetime(2025, 8, 8, 14, 30, tzinfo=UTC).timestamp())
    left = [
        one
        for one in diary.tickets
        if one.kind in {"Story", "Task", "Bug"}
        and one.events[-1][2][0][-1] == "Done"
        and sum(event[2][0][-1] == "Done" for event in one.events) == 1
        and friday - 3 * WEEK.total_seconds() < one.events[-1][0] < friday
    ]
    assert len(left) > 25
    for n, ticket in enumerate(left[:25]):
        ticket.events[-1] = (friday + 2 * n, "quill-larch", ticket.events[-1][2])
    platform = next(one.service for one in diary.runs if one.path == PROVISION[1])
    for n in range(3):  # too young to be given up
        begun = int((UNTIL - (4 + n / 2) * DAY).timestamp())
        title, end = f"Provision service: the last {n}", begun + 480
        last = Run(
            platform, *PROVISION, "workflow_dispatch", title, "0" * 40, "main", "quill-larch", [(begun, end, "failure")]
        )
        last.ident = 5_900_000 + n
        diary.runs.append(last)
    elsewhere(diary)
    diary.runs.sort(key=lambda run: run.at)


def trace(diary: Any) -> None:
    """Let every second incident be linked to a change that was merged days before, and not to the last one."""
    for incident in [one for one in diary.tickets if one.kind == "Incident" and not one.cause][::2]:
        older = [
            pull
            for pull in diary.pulls
            if pull.ticket
            and pull.service.name == incident.component
            and pull.merged
            and pull.merged < incident.at - 3 * DAY.total_seconds()
        ]
        if older:
            incident.cause = max(older, key=lambda pull: pull.merged).ticket


def elsewhere(diary: Any) -> None:
    """Let the Workflow run in every repository, from early on: one comes no more, one comes late, one asks by hand as well."""
    asked = [one for one in diary.tickets if one.request == "New service"]
    for ticket in asked[::2]:
        ticket.component = "ledger"
    weeks = {
        "storefront": range(6, 44),
        "checkout": (*range(6, 12), 42, 43),
        "ledger": range(7, 20),
        "platform": range(6, 30),
    }
    services = {one.service.name: one.service for one in diary.deployments}
    for place, (name, there) in enumerate(weeks.items()):
        for week in there:
            begun = (
                int((datetime.combine(BORN, time(9), UTC) + week * WEEK + (week % 5) * DAY).timestamp()) + place * 600
            )
            outcome = "failure" if (week + place) % 4 == 3 else "success"
            title = f"Provision service: {name} {week}"
            run = Run(
                services[name],
                *PROVISION,
                "workflow_dispatch",
                title,
                "0" * 40,
                "main",
                "sanu-rowan",
                [(begun, begun + 500, outcome)],
            )
            run.ident = 5_910_000 + 100 * place + week
            diary.runs.append(run)


def found(company: Any) -> None:
    """Let the repositories begin in one month: some too long before anything was deployed from them."""
    for day, name in zip((2, 9, 3, 30), REPOSITORIES, strict=True):
        company.github.repositories[f"marrowby/{name}"]["createdAt"] = f"2025-01-{day:02}T08:00:00Z"


def queue(company: Any) -> None:
    """Let checks on pull requests wait for a machine, none to six minutes."""
    for runs in company.github.runs.values():
        for run in runs:
            if run["event"] == "pull_request":
                run["created_at"] = f"{at(run['created_at']) - run['id'] % 7 * MINUTE:%Y-%m-%dT%H:%M:%SZ}"
        runs.sort(key=lambda run: run["created_at"], reverse=True)


def used(world: "World") -> str:
    """Return a usage file: what customers did, and who opened the form of the Workflow."""
    luck, lines = Random(3), ["happened_at,feature,count,area,user"]
    for day in (BORN + timedelta(days=n) for n in range(150, 7 * WEEKS + 6)):
        for _ in range(luck.randrange(4)):
            feature, area = luck.choice(("search", "export", "share")), luck.choice(("north", "south", "east", ""))
            who = luck.choice(("", *(f"customer-{n}" for n in range(4 + (day.month % 3) * 3))))
            lines.append(
                f"{day}T{luck.randrange(24):02}:30:00+02:00,{feature},{luck.choice(('', 0, 1, 7))},{area},{who}"
            )
    several = [one for one in world.requests if len({run["actor"]["login"] for run in one}) > 1]
    for n, one in enumerate(world.requests):
        who, begun = one[0]["actor"]["login"], at(one[0]["created_at"])
        mixed = any(
            begun - 8 * DAY < at(other[0]["created_at"]) < begun + 8 * DAY
            for other in several
            if who in {run["actor"]["login"] for run in other}
        )
        if n % 4 and not mixed:
            lines.append(f"{begun - (5 + n % 40) * MINUTE:%Y-%m-%dT%H:%M:%SZ},form opened,1,,{who}")
    lines.append(f"{USAGE_UNTIL - HOUR:%Y-%m-%d},search,2,north,customer-0")
    for n in range(60):
        moment = UNTIL - (n * 2.3 + 0.2) * DAY
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%SZ},form opened,,north,visitor-{n % 5 if n % 2 else n}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Serve the company, collect it once, and return what was served."""
    place, diary = tmp_path_factory.mktemp("golden"), live(BORN, SEED)
    happen(diary)
    settings = {
        "CAIRN_HOME": str(place / "home"),
        "CAIRN_CONFIG": str(place / "team.toml"),
        "GITHUB_TOKEN": "any",
        "JIRA_EMAIL": "someone@example.org",
        "JIRA_TOKEN": "any",
    }
    (place / "team.toml").write_text(WORDS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.setattr(server, "LIVES", lambda *_: diary)
        door = server.serve(BORN, UNTIL.date(), SEED)
        route: Any = door.routes[0]
        company = route.endpoint.__self__
        queue(company)
        found(company)
        world = World(company)
        (home() / "usage").mkdir(parents=True)
        world.usage_file = used(world)
        (home() / "usage" / "used.csv").write_text(world.usage_file, encoding="utf-8")
        watch: Any = Silent()
        with Live("team") as store:
            sources = [
                one if one.kind == "usage" else dataclasses.replace(one, transport=httpx.ASGITransport(app=door))
                for one in source.sources(team("team"))
            ]
            outcomes = asyncio.run(sync.Run(store, watch).all(sources))
        assert [one.parked for one in outcomes] == [[], [], []]
        yield world


# What was served, read by this file alone

Maybe = Any  # a datetime, or None: it has not happened


def at(told: str) -> datetime:
    return datetime.fromisoformat(told).astimezone(UTC)


def maybe(told: str | None) -> Maybe:
    return at(told) if told else None


def days(span: timedelta) -> float:
    return span / DAY


def hours(span: timedelta) -> float:
    return span / HOUR


class Event(NamedTuple):
    """What a number is made of: when, how much (None: not known), whether it still goes on, of which kind, by whom."""

    at: datetime
    value: Any = 1
    open: bool = False
    kind: str = ""
    who: str = ""


class Spell(NamedTuple):
    """An issue standing in a status. `tidied`: came in bulk; `untimed`: came or went in bulk."""

    status: str
    kind: str
    since: datetime
    until: Maybe
    tidied: bool
    untimed: bool


@dataclasses.dataclass
class Issue:
    key: str
    source: str
    type: str | None
    labels: list[str]
    created: datetime
    reason: str | None
    spells: list[Spell]
    fields: dict[str, Any]
    histories: list[dict[str, Any]]
    pulls: list["Pull"] = dataclasses.field(default_factory=list)  # on GitHub, those that close it

    @property
    def is_bug(self) -> bool:
        return self.type == "Bug" or "bug" in self.labels

    @property
    def is_incident(self) -> bool:
        return self.type == "Incident" or "incident" in self.labels

    @property
    def entries(self) -> list[Spell]:
        """The times it became done, not having been."""
        return [b for a, b in pairwise(self.spells) if b.kind == "done" != a.kind]

    @property
    def resolved(self) -> Maybe:
        return self.entries[-1].since if self.spells[-1].kind == "done" else None

    @property
    def cancelled(self) -> bool:
        return self.resolved is not None and self.reason in {"Won't Do", "Duplicate", "NOT_PLANNED"}

    @property
    def finished(self) -> Maybe:
        return None if self.cancelled else self.resolved

    @property
    def start(self) -> Spell | None:
        return next((one for one in self.spells if one.kind == "active"), None)

    @property
    def untimed(self) -> bool:
        """Whether its beginning or its end was a tidying of many, so that its durations say nothing."""
        return self.resolved is not None and (self.entries[-1].tidied or bool(self.start and self.start.tidied))

    @property
    def open_spans(self) -> list[tuple[datetime, Maybe]]:
        """From when to when it was open; reopening begins another."""
        turns = [self.created] + [b.since for a, b in pairwise(self.spells) if (a.kind == "done") != (b.kind == "done")]
        return list(zip(turns[::2], [*turns[1::2], None], strict=False))

    @property
    def work_spans(self) -> list[tuple[datetime, Maybe]]:
        """From when to when it was begun and not done; GitHub tells it by pull requests alone."""
        if self.source == "github":
            return list(self.pulled())
        begun = [one.kind in {"active", "wait"} for one in self.spells]
        turns = [
            one.since for one, now, before in zip(self.spells, begun, [False, *begun], strict=False) if now != before
        ]
        return list(zip(turns[::2], [*turns[1::2], None], strict=False))

    def pulled(self) -> Iterator[tuple[datetime, Maybe]]:
        """Yield, for each time it was open, from when to when a pull request that closes it was begun and not given up."""
        for since, until in self.open_spans:
            on = [
                (min(pull.begun or pull.opened, pull.opened), pull.merged, pull.closed)
                for pull in self.pulls
                if (until is None or min(pull.begun or pull.opened, pull.opened) < until)
                and (pull.closed is None or pull.closed > since)
            ]
            if on:
                given_up = all(closed and not merged for _, merged, closed in on)
                ends = [until] if until else []
                ends += [max(closed for *_, closed in on)] if given_up else []
                yield max(since, min(first for first, *_ in on)), min(ends, default=None)

    @property
    def began(self) -> Maybe:
        """When work on it first began, None where nothing tells."""
        return (
            next((since for since, _ in self.work_spans), None)
            if self.source == "github"
            else self.start and self.start.since
        )

    def hours_in(self, kind: str) -> float:
        """Working seconds between its start and its end in one kind of status."""
        return sum(
            worked(one.since, one.until)
            for one in self.spells
            if one.kind == kind
            and not one.untimed
            and self.start
            and one.since >= self.start.since
            and one.until
            and self.resolved
            and one.until <= self.resolved
        )


class World:
    """What the company's GitHub and Jira served."""

    usage_file: str

    def __init__(self, company: Any) -> None:
        self.company = company
        names = [f"marrowby/{name}" for name in REPOSITORIES]
        self.repositories = {name: company.github.repositories[name] for name in names}
        self.runs = [{**run, "repo": name} for name in names for run in company.github.runs[name]]

    @cached_property
    def pulls(self) -> list["Pull"]:
        found = [Pull(name, one) for name, told in self.repositories.items() for one in told["pullRequests"]]
        merged = [one for one in found if one.merged]
        for one in found:
            exact = re.match(r"revert-(\d+)-", one.told["headRefName"])
            if exact:
                same = [other for other in merged if other.repo == one.repo and other.told["number"] == int(exact[1])]
                one.takes_back = next((other for other in same if other.merged <= one.opened), None)
        for name in self.repositories:
            here = [one for one in attempts(self) if one.repo == name]
            live = [one for one in here if one.production and one.outcome == "success"]
            first_at = {one.sha: one.created for one in sorted(here, key=lambda one: one.created, reverse=True)}
            for pull in found:
                if pull.repo == name and pull.merged:
                    place = self.lines[name][pull.told["mergeCommit"]["oid"]]
                    carry = [
                        one
                        for one in live
                        if (
                            self.lines[name][one.sha] >= place
                            if one.sha in self.lines[name]  # else what was merged before it was first put anywhere
                            else pull.merged <= first_at[one.sha]
                        )
                    ]
                    first = min(carry, key=lambda one: (one.finished, one.id), default=None)
                    pull.deployment, pull.deployed = first and first.id, first and first.finished
        return found

    @cached_property
    def lines(self) -> dict[str, dict[str, int]]:
        """The place of each commit on the default branch of each repository, the oldest first."""
        history = {name: told["defaultBranchRef"]["target"]["history"] for name, told in self.repositories.items()}
        return {name: {one["oid"]: place for place, one in enumerate(reversed(told))} for name, told in history.items()}

    @property
    def landed(self) -> list["Pull"]:
        return [one for one in self.pulls if one.merged and not one.bot]

    @cached_property
    def issues(self) -> list[Issue]:
        found = []
        told = [
            (jira_shapes.issue(seen, {"*all"}), jira_shapes.histories(seen, None)) for seen in self.company.jira.issues
        ]
        crowd: dict[Any, set[str]] = defaultdict(set)
        for ticket, histories in told:
            for history in histories:
                if any(item.get("fieldId") == "status" for item in history["items"]):
                    crowd[history["author"]["accountId"], history["created"] // 60_000].add(ticket["id"])
        for ticket, histories in told:
            fields = ticket["fields"]
            moves = [
                (
                    datetime.fromtimestamp(history["created"] // 1000, UTC)
                    + timedelta(milliseconds=history["created"] % 1000),
                    item["fromString"],
                    item["toString"],
                    len(crowd[history["author"]["accountId"], history["created"] // 60_000]) >= 20,
                )
                for history in histories
                for item in history["items"]
                if item.get("fieldId") == "status"
            ]
            created = at(fields["created"])
            reason = fields["resolution"] and fields["resolution"]["name"]
            stood = spells(created, fields["status"]["name"], moves)
            name, labels = fields["issuetype"]["name"], fields["labels"]
            found.append(Issue(ticket["key"], "jira", name, labels, created, reason, stood, fields, histories))
        for repo, repository in self.repositories.items():
            for one in repository["issues"]:
                moves = [
                    (at(item["createdAt"]), *pair, False)
                    for item in one["timelineItems"]
                    if (
                        pair := {"ClosedEvent": ("open", "closed"), "ReopenedEvent": ("closed", "open")}.get(
                            item["__typename"]
                        )
                    )
                ]
                labels = [label["name"] for label in one["labels"]]
                stood = spells(at(one["createdAt"]), one["state"].lower(), moves)
                key, reason = f"{repo}#{one['number']}", one["stateReason"]
                closing = [
                    pull
                    for pull in self.pulls
                    if any(
                        (to["repository"]["nameWithOwner"], to["number"]) == (repo, one["number"])
                        for to in pull.told["closingIssuesReferences"]
                    )
                ]
                found.append(Issue(key, "github", None, labels, at(one["createdAt"]), reason, stood, {}, [], closing))
        return found

    @property
    def tickets(self) -> list[Issue]:
        return [one for one in self.issues if one.source == "jira"]

    @property
    def bugs(self) -> list[Issue]:
        return [one for one in self.issues if one.is_bug]

    @property
    def by_hand(self) -> list[Issue]:
        """Tickets that ask for what the Workflow offers."""
        return [
            one
            for one in self.tickets
            if one.fields[REQUEST_TYPE] and one.fields[REQUEST_TYPE]["requestType"]["name"] == "New service"
        ]

    @property
    def questions(self) -> list[Issue]:
        return [one for one in self.tickets if "access-request" in one.labels]

    @property
    def provisions(self) -> list[dict[str, Any]]:
        return sorted(
            (run for run in self.runs if run["path"] == PROVISION[1]), key=lambda run: (run["created_at"], run["id"])
        )

    @cached_property
    def requests(self) -> list[list[dict[str, Any]]]:
        """The Workflow's runs by what was asked for: for the same thing within seven days."""
        found: list[list[dict[str, Any]]] = []
        last: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for run in self.provisions:
            meant = (run["repo"], run["display_title"])
            before = last.get(meant)
            if before and at(run["created_at"]) - at(before[-1]["created_at"]) <= WEEK:
                before.append(run)
            else:
                last[meant] = [run]
                found.append(last[meant])
        return found

    @cached_property
    def usage(self) -> list[dict[str, Any]]:
        rows = csv.DictReader(io.StringIO(self.usage_file))
        return [{**row, "at": at(row["happened_at"]), "count": int(row["count"] or 1)} for row in rows]


def spells(created: datetime, status: str, moves: list[tuple[datetime, str, str, bool]]) -> list[Spell]:
    """Return where an issue stood from when to when; before the first move it stood where that began."""
    stood = [(min(created, moves[0][0]), moves[0][1], False)] if moves else [(created, status, False)]
    stood += [(moment, to, tidied) for moment, _, to, tidied in moves]
    kinds = {**KINDS, "open": "queue", "closed": "done"}
    return [
        Spell(name, kinds.get(name, "wait"), since, until and until[0], tidied, tidied or bool(until and until[2]))
        for (since, name, tidied), until in zip(stood, [*stood[1:], None], strict=True)
    ]


class Pull:
    """A pull request and its moments."""

    deployed: Maybe = None
    deployment: Any = None  # the first that carried it
    takes_back: "Pull | None" = None

    def __init__(self, repo: str, told: dict[str, Any]) -> None:
        self.repo, self.told = repo, told
        self.author = told["author"] and told["author"]["login"]
        self.bot = self.author in BOTS
        self.opened = at(told["createdAt"])
        self.merged, self.closed = maybe(told.get("mergedAt")), maybe(told.get("closedAt"))
        items: dict[str, list[Any]] = defaultdict(list)
        for item in told["timelineItems"]:
            items[item["__typename"]].append(item)
        turned = [at(item["createdAt"]) for item in items["ReadyForReviewEvent"]]
        back = [at(item["createdAt"]) for item in items["ConvertToDraftEvent"]]
        if turned and (not back or min(turned) < min(back)):
            self.ready = min(turned)
        else:  # it was no draft when it was opened, or is one still
            self.ready = None if told["isDraft"] and not back else self.opened
        forced = [at(item["createdAt"]) for item in items["HeadRefForcePushedEvent"]]
        commits = [item["commit"] for item in items["PullRequestCommit"]]
        begun = min((at(one["authoredDate"]) for one in commits), default=None)
        self.begun = None if begun is None or (forced and begun > self.opened) else begun
        self.pushes = sorted([at(one["committedDate"]) for one in commits] + forced)
        self.committers = {one["author"]["user"]["login"] for one in commits if one["author"]["user"]}
        self.said = [
            (at(item["submittedAt"]), item["state"], item["author"] and item["author"]["login"])
            for item in items["PullRequestReview"]
        ]
        heard = [
            (moment, state)
            for moment, state, who in self.said
            if who != self.author and who not in BOTS and (not self.merged or moment <= self.merged)
        ]
        self.reviews = sorted(moment for moment, _ in heard)
        self.first_review: Maybe = self.reviews[0] if heard else None
        self.approval = max((moment for moment, state in heard if state == "APPROVED"), default=None)

    @property
    def moments(self) -> dict[str, Maybe]:
        """The moments of a merged pull request, none before the one that has to come first."""
        ready, merged = self.ready or self.opened, self.merged
        assert merged
        reviewed = self.first_review and max(self.first_review, ready)
        return {
            "begun": self.begun and min(self.begun, ready),
            "ready": ready,
            "reviewed": reviewed,
            "approved": reviewed and max(min(self.approval or merged, merged), reviewed),
            "merged": merged,
            "deployed": self.deployed and max(self.deployed, merged),
        }

    @property
    def lines(self) -> int:
        locked = sum(one["additions"] + one["deletions"] for one in self.told["files"] if one["path"].endswith(".lock"))
        return self.told["additions"] + self.told["deletions"] - locked

    @property
    def changed_after_review(self) -> bool:
        return any(moment > self.first_review for moment in self.pushes)

    @property
    def rounds(self) -> int:
        """Reviews between two pushes are one round."""
        return len({bisect_right(self.pushes, moment) for moment in self.reviews})


@dataclasses.dataclass
class Attempt:
    """One deployment, and what became of it."""

    id: str
    repo: str
    environment: str
    sha: str
    task: str
    created: datetime
    outcome: str
    finished: Maybe
    rerun: bool = False
    next: "Attempt | None" = None
    rolled_back: bool = False
    why: str | None = None  # what it repaired
    cause: str | None = None  # what made it a failure
    restored: Maybe = None

    @property
    def production(self) -> bool:
        return self.environment in {"production", "prod"}

    @property
    def ended(self) -> bool:
        return self.outcome in {"success", "failure", "error"} and not self.rerun


@cache
def attempts(world: World) -> list[Attempt]:
    """Return every deployment with its outcome; of several runs of the same within ten minutes one counts."""
    found = []
    for repo, repository in world.repositories.items():
        for one in repository["deployments"]:
            ends = [(at(s["createdAt"]), s["state"].lower()) for s in one["statuses"]]
            good = [moment for moment, state in ends if state == "success"]
            bad = sorted((moment, state) for moment, state in ends if state in {"failure", "error"})
            outcome = "success" if good else bad[0][1] if bad else "pending"
            finished = min(good) if good else bad[0][0] if bad else None
            words = (one["id"], repo, one["environment"], one["commitOid"], one["task"])
            found.append(Attempt(*words, at(one["createdAt"]), outcome, finished))
    same = defaultdict(list)
    for one in sorted(found, key=lambda one: (one.created, one.id)):
        turns = same[one.repo, one.environment, one.sha]
        if turns and one.created - (turns[-1][-1].finished or turns[-1][-1].created) <= 10 * MINUTE:
            turns[-1].append(one)
        else:
            turns.append([one])
    for turn in (turn for turns in same.values() for turn in turns):
        counts = min(turn, key=lambda one: (one.outcome != "success", one.outcome not in {"failure", "error"}))
        for one in turn:
            one.rerun = one is not counts
    return found


@cache
def shipped(world: World) -> list[Attempt]:
    """Return what was deployed to production and ended, with what made it a failure and what it repaired."""
    every = [one for one in attempts(world) if one.production]
    good = sorted((one for one in every if one.outcome == "success" and not one.rerun), key=lambda one: one.finished)
    _put_back(world, every, good)
    mended = _taken_back(world)
    _repair(world, every, mended)
    fixed, began = _fixed(every, good), _began(world, every)
    ended = [one for one in every if one.ended]
    for one in ended:
        after = one.next and one.next.finished
        ends = [issue.resolved for issue in began.get(one.id, ())]
        reasons = (  # the most trusted first
            (one.id in began, "incident", None if None in ends else max([*ends, one.finished])),
            (one.outcome != "success", "own failure", after),
            (one.rolled_back, "rolled back", after),
            (one.id in mended, "reverted", mended.get(one.id, (None,))[0]),
            (one.id in fixed, "hotfix", fixed.get(one.id)),
        )
        one.cause, one.restored = next((told[1:] for told in reasons if told[0]), (None, None))
    return ended


def _put_back(world: World, every: list[Attempt], good: list[Attempt]) -> None:
    """Tell each deployment the next success in its place, and whether that put back what was there before."""
    first_live = {(one.repo, one.sha): one.finished for one in reversed(good)}
    for one in every:
        one.next = next((n for n in good if one.finished and n.repo == one.repo and n.finished > one.finished), None)
        if one.outcome == "success" and not one.rerun and one.next and one.next.sha != one.sha:
            line, new = world.lines[one.repo], one.next
            older = (
                line[new.sha] < line[one.sha]
                if {one.sha, new.sha} <= line.keys()
                else first_live[one.repo, new.sha] < first_live[one.repo, one.sha]
            )
            one.rolled_back = new.created > one.created and (new.task == "deploy:rollback" or older)


def _taken_back(world: World) -> dict[str, tuple[datetime, str]]:
    """Return what carried a change that was reverted: when that went out, within a day, and with which deployment."""
    found: dict[str, tuple[datetime, str]] = {}
    for pull in world.pulls:
        old = pull.takes_back
        if old and pull.deployed and old.deployed and old.deployed < pull.deployed <= old.deployed + DAY:
            mend = (pull.deployed, pull.deployment)
            found[old.deployment] = min(found.get(old.deployment, mend), mend)
    return found


def _repair(world: World, every: list[Attempt], mended: dict[str, tuple[datetime, str]]) -> None:
    """Tell each deployment what it put right: by a rollback, a hotfix or a revert."""
    put_back = {one.next.id for one in every if one.rolled_back and one.next}
    by_id = {one.id: one for one in every}
    reverts = {by for broken, (_, by) in mended.items() if not by_id[broken].rolled_back}
    hot = {pull.deployment for pull in world.pulls if pull.told["headRefName"].startswith("hotfix/")}
    for one in every:
        if one.id in put_back or one.task == "deploy:rollback":
            one.why = "rollback"
        elif one.task == "deploy:hotfix" or one.id in hot:
            one.why = "hotfix"
        elif one.id in reverts:
            one.why = "revert"


def _fixed(every: list[Attempt], good: list[Attempt]) -> dict[str, datetime]:
    """Return when a hotfix followed within a day: it mends the last deployment before it that was planned."""
    found: dict[str, datetime] = {}
    for fix in (one for one in good if one.why == "hotfix"):
        planned = [
            one for one in every if one.ended and not one.why and one.repo == fix.repo and one.finished < fix.finished
        ]
        last = max(planned, key=lambda one: one.finished, default=None)
        if last and fix.finished <= last.finished + DAY:
            found[last.id] = min(found.get(last.id, fix.finished), fix.finished)
    return found


def _began(world: World, every: list[Attempt]) -> dict[str, list[Issue]]:
    """Return the incidents each deployment began: what carried their cause, where somebody linked that and it went out.

    Else the last one to their service, no more than 48 hours before.
    """
    found: dict[str, list[Issue]] = defaultdict(list)
    put_back = {one.next.id for one in every if one.rolled_back and one.next}
    begins = [one for one in every if one.ended and one.task != "deploy:rollback" and one.id not in put_back]
    for issue in (one for one in world.tickets if one.is_incident):
        if cause := _cause(world, issue):
            found[cause].append(issue)
            continue
        here = f"marrowby/{issue.fields['components'][0]['name']}"
        suspects = [one for one in begins if one.repo == here and one.finished <= issue.created]
        last = max(suspects, key=lambda one: one.finished, default=None)
        if last and issue.created - last.finished <= 48 * HOUR:
            found[last.id].append(issue)
    return found


def _cause(world: World, issue: Issue) -> str | None:
    """Return the last deployment before an incident that carried a pull request of what is linked as its cause."""
    keys = {link["inwardIssue"]["key"] for link in issue.fields["issuelinks"] if "inwardIssue" in link}
    out = [
        (pull.deployed, pull.deployment)
        for pull in world.pulls
        if keys & named(pull) and pull.deployed and pull.deployed <= issue.created
    ]
    return max(out)[1] if out else None


def named(pull: Pull) -> set[str]:
    """Return the keys of Jira's issues in a pull request's title and branch."""
    return set(re.findall(r"\b(?:SHOP|PAY|OPS)-\d+\b", f"{pull.told['title']} {pull.told['headRefName']}".upper()))


# Working time, weeks and months


@cache
def workdays() -> list[tuple[datetime, datetime]]:
    told = (date(2024, 1, 1) + timedelta(days=n) for n in range(1100))
    return [
        (
            datetime.combine(day, time(9), BERLIN).astimezone(UTC),
            datetime.combine(day, time(17), BERLIN).astimezone(UTC),
        )
        for day in told
        if day.weekday() < 5 and day not in HOLIDAYS
    ]


def clock(moment: datetime) -> float:
    """Return the working seconds there were before a moment."""
    place = bisect_right([opens for opens, _ in workdays()], moment) - 1
    opens, closes = workdays()[place]
    return place * 8 * 3600 + (min(moment, closes) - opens).total_seconds()


def worked(since: datetime, until: datetime) -> int:
    """Return working seconds between two moments, each taken to the second."""
    return round(clock(until)) - round(clock(since))


Span = tuple[datetime, datetime]


def periods(every: str, read_to: datetime) -> Iterator[Span]:
    """Yield the weeks or months where the team is that are over, as instants."""
    day = date(2024, 1, 1)
    while True:
        then = day + WEEK if every == "week" else (day.replace(day=28) + 4 * DAY).replace(day=1)
        since, until = (datetime.combine(one, time(), BERLIN).astimezone(UTC) for one in (day, then))
        if until > read_to:
            return
        yield since, until
        day = then


def month_of(moment: datetime) -> int:
    """Return the month a moment lies in where the team is, counted from the year 0."""
    here = moment.astimezone(BERLIN)
    return here.year * 12 + here.month - 1


# How events become a number


def kaplan_meier(events: list[Event]) -> float | None:
    """Return the time by which half of the events are over, those that still go on counted with their age."""
    share, exactly = Fraction(1), None
    for moment in sorted({one.value for one in events if not one.open}):
        there = sum(one.value >= moment for one in events)
        over = sum(one.value == moment and not one.open for one in events)
        share *= Fraction(there - over, there)
        if exactly is not None:
            return (exactly + moment) / 2
        if share < Fraction(1, 2):
            return moment
        if share == Fraction(1, 2):
            exactly = moment
    return exactly


FOLDS: dict[str, Callable[[list[Event]], float | None]] = {
    "count": len,
    "sum": lambda told: sum(one.value for one in told),
    "share": lambda told: fmean(one.value for one in told) if told else None,
    "median": lambda told: median(one.value for one in told) if told else None,
    "kaplan_meier": lambda told: kaplan_meier(told) if told else None,
}
Telling = Callable[[World, list[Span]], "Iterator[Event] | list[Event]"]


@dataclasses.dataclass(frozen=True)
class Oracle:
    """How a number is worked out a second time: the events, their fold, and how few say nothing yet."""

    fold: str
    tell: Telling
    fewest: int = 0
    read_to: datetime = UNTIL
    private: bool = False

    def points(self, world: World, every: str, kind: str | None = None) -> list[dict[str, Any]]:
        """Return starts, value, n and of for each period, from the first with an event on."""
        spans = list(periods(every, self.read_to))
        events = list(self.tell(world, spans))
        first = min(one.at for one in events)
        events = [one for one in events if kind in {None, one.kind}]
        return [
            {"starts": f"{since.astimezone(BERLIN):%Y-%m-%d}", **self._point(events, since, until, every)}
            for since, until in spans
            if until > first
        ]

    def _point(self, events: list[Event], since: datetime, until: datetime, every: str) -> dict[str, Any]:
        if self.fold == "balance":
            there = sum(one.value for one in events if one.at < until)
            return {"value": there, "n": there, "of": there}
        inside = [one for one in events if since <= one.at < until]
        if self.private and (every == "week" or 0 < len({one.who for one in inside}) < 5):
            return {"value": None, "n": 0, "of": 0}
        told = [one for one in inside if one.value is not None]
        value = FOLDS[self.fold](told) if len(told) >= self.fewest else None
        return {"value": value, "n": len(told), "of": len(inside)}


ORACLES: dict[str, Oracle] = {}
LEFT_OUT: tuple[tuple[str, str], ...] = ()  # metrics without an oracle, and why


def oracle(name: str, fold: str, fewest: int = 0, **more: Any) -> Callable[[Telling], Telling]:
    def kept(tell: Telling) -> Telling:
        ORACLES[name] = Oracle(fold, tell, fewest, **more)
        return tell

    return kept


def just_before(until: datetime) -> datetime:
    return until - timedelta(microseconds=1)


# Bugs


@oracle("bugs_opened", "count")
def bugs_opened(world, _):
    return [Event(one.created) for one in world.bugs]


@oracle("bugs_resolved", "count")
def bugs_resolved(world, _):
    return [Event(until) for one in world.bugs for _, until in one.open_spans if until]


def came_and_went(stretches):
    for since, until in stretches:
        yield Event(since, 1)
        if until:
            yield Event(until, -1)


def ages(born, stretches, spans):
    return [
        Event(just_before(end), days(end - born))
        for since, until in stretches
        for _, end in spans
        if since < end and (until is None or until >= end)
    ]


@oracle("open_bugs", "balance")
def open_bugs(world, _):
    return [event for one in world.bugs for event in came_and_went(one.open_spans)]


@oracle("age_of_open_bugs", "median", 8)
def age_of_open_bugs(world, spans):
    return [event for one in world.bugs for event in ages(one.created, one.open_spans, spans)]


@oracle("bug_time_to_fix", "kaplan_meier", 8)
def bug_time_to_fix(world, _):
    for one in world.bugs:
        if not one.cancelled:
            took = days((one.resolved or UNTIL) - one.created)
            yield Event(one.created, None if one.untimed else took, open=not one.resolved)


@oracle("escaped_bugs", "count")
def escaped_bugs(world, _):
    return [Event(one.created) for one in world.bugs if "customer" in one.labels]


@oracle("escape_rate", "share", 8)
def escape_rate(world, _):
    return [Event(one.created, "customer" in one.labels) for one in world.bugs]


@oracle("bugs_reopened", "share", 8)
def bugs_reopened(world, _):
    for one in world.bugs:
        for (_, until), again in zip(one.open_spans, [*one.open_spans[1:], None], strict=True):
            if until:
                back = again is not None and again[0] <= until + 30 * DAY
                yield Event(until, None if until > UNTIL - 30 * DAY else back)


# Workflows


def ok(run):
    return run["conclusion"] == "success"


def served(request):
    """Return when a request was first served, None while it is not."""
    return min((at(run["updated_at"]) for run in request if ok(run)), default=None)


def begun(request):
    return at(request[0]["created_at"])


def given_up(request):
    """Whether it was not served, and a week has passed since its last run."""
    return served(request) is None and at(request[-1]["created_at"]) + WEEK <= UNTIL


def openings(world):
    return [one for one in world.usage if one["feature"] == "form opened" and one["user"]]


def opened(world, request):
    """Return when somebody opened the form for a request, within the week before its first run."""
    who = {run["actor"]["login"] for run in request}
    told = [one for one in openings(world) if one["user"] in who and timedelta() <= begun(request) - one["at"] <= WEEK]
    assert not told or len(who) == 1
    return min((one["at"] for one in told), default=None)


@oracle("workflow_runs", "count")
def workflow_runs(world, _):
    return [Event(at(run["created_at"])) for run in world.provisions]


@oracle("requests", "count")
def requests(world, _):
    return [Event(one.created) for one in world.by_hand]


@oracle("bypass_share", "share", 8)
def bypass_share(world, _):
    there = begun(world.requests[0])
    yield from (Event(one.created, 1) for one in world.by_hand if one.created >= there)
    yield from (Event(moment, 0) for moment in map(served, world.requests) if moment)


@oracle("first_time_success", "share", 8)
def first_time_success(world, _):
    for one in world.requests:
        yield Event(begun(one), 1 if ok(one[0]) else 0 if served(one) or given_up(one) else None)


@oracle("task_success", "share", 8)
def task_success(world, _):
    return [Event(begun(one), 1 if served(one) else 0 if given_up(one) else None) for one in world.requests]


@oracle("repeated_runs", "share", 8)
def repeated_runs(world, _):
    return [Event(at(run["created_at"]), run is not one[0]) for one in world.requests for run in one]


@oracle("abandoned_forms", "share", 8, read_to=USAGE_UNTIL)
def abandoned_forms(world, _):
    yield from (Event(moment, 0) for moment in (opened(world, one) for one in world.requests) if moment)
    known = max(one["at"] for one in world.usage)
    tries: dict[str, list[datetime]] = defaultdict(list)
    for one in sorted(openings(world), key=lambda one: one["at"]):
        mine = [run for run in world.provisions if run["actor"]["login"] == one["user"]]
        sent = any(timedelta() <= at(run["created_at"]) - one["at"] <= DAY for run in mine)
        worked_out = any(ok(run) and timedelta() <= at(run["updated_at"]) - one["at"] <= WEEK for run in mine)
        if not (sent or worked_out):
            tries[one["user"]].append(one["at"])
    for moments in tries.values():
        starts = [n for n, moment in enumerate(moments) if n == 0 or moment - moments[n - 1] > WEEK]
        for first, end in zip(starts, [*starts[1:], len(moments)], strict=True):
            yield Event(moments[first], 1 if moments[end - 1] + WEEK <= known else None)


@oracle("time_to_first_success", "kaplan_meier", 8)
def time_to_first_success(world, _):
    for one in world.requests:
        since, until = opened(world, one) or begun(one), served(one)
        yield Event(since, hours((until or UNTIL) - since), open=until is None)


def place_of(request):
    return meant_for(request[0]["display_title"]) or request[0]["repo"].rpartition("/")[2]


def meant_for(title):
    """Return which area a title says it is for, if it does."""
    said = re.fullmatch(r".* for (.+)", title)
    return said and said[1]


def served_places(world):
    return [(moment, place_of(one)) for one in world.requests if (moment := served(one))]


@oracle("workflow_adoption", "share", 4)
def workflow_adoption(world, spans):
    there = begun(world.requests[0])
    asked = [one for one in world.by_hand if one.created >= there]
    came = [(one.created, meant_for(one.fields["summary"]) or one.fields["components"][0]["name"]) for one in asked]
    came += [(begun(one), place_of(one)) for one in world.requests]
    for since, until in spans:
        here = {place for moment, place in served_places(world) if since <= moment < until}
        for place in here | {place for moment, place in came if since <= moment < until}:
            yield Event(just_before(until), place in here)


@oracle("workflow_retention", "share", 4)
def workflow_retention(world, spans):
    for since, until in spans:
        over = until + 180 * DAY
        later = {place for moment, place in served_places(world) if until <= moment < over}
        for place in {place for moment, place in served_places(world) if since <= moment < until}:
            yield Event(just_before(until), place in later if over <= UNTIL else None)


@oracle("undeployed_repositories", "share", 4)
def undeployed_repositories(world, _):
    for name, repository in world.repositories.items():
        born = at(repository["createdAt"])
        live = [one.finished for one in shipped(world) if one.repo == name and one.outcome == "success"]
        yield Event(born, not any(moment < born + 60 * DAY for moment in live))


@oracle("handed_on", "share", 8)
def handed_on(world, _):
    for one in world.by_hand:
        if one.entries:
            items = [item for history in one.histories for item in history["items"] if item["field"] == "assignee"]
            yield Event(one.entries[0].since, any(item["from"] and item["to"] for item in items))


@oracle("workflow_questions", "count")
def workflow_questions(world, _):
    return [Event(one.created) for one in world.questions]


@oracle("interruptions", "count")
def interruptions(world, _):
    asked = [*world.by_hand, *world.questions]
    return [Event(one.created) for one in world.tickets if one in asked or one.is_incident]


@oracle("begun_at_once", "share", 8)
def begun_at_once(world, _):
    for one in (*world.by_hand, *world.questions):
        known = one.start or one.created + HOUR <= UNTIL
        at_once = one.start is not None and one.start.since < one.created + HOUR
        yield Event(one.created, at_once if known else None)


TOIL = {"database", "new-service"}


def stints(ticket):
    """Yield whose a ticket was while it was worked on, from when to when."""
    handed = [
        (datetime.fromtimestamp(history["created"] / 1000, UTC), item["from"], item["to"])
        for history in ticket.histories
        for item in history["items"]
        if item["field"] == "assignee"
    ]
    first = (datetime.min.replace(tzinfo=UTC), handed[0][1] if handed else None)
    turns = [first, *((when, to) for when, _, to in handed)]
    for (since, who), until in zip(turns, [*(when for when, _ in turns[1:]), UNTIL], strict=True):
        for spell in ticket.spells:
            starts, ends = max(since, spell.since), min(until, spell.until or UNTIL)
            if spell.kind == "active" and not spell.untimed and starts < ends:
                yield who or ticket.key, starts, ends


@oracle("toil_hours", "sum")
def toil_hours(world, _):
    by_person: dict[str, list[tuple[datetime, datetime, Issue]]] = defaultdict(list)
    for one in world.tickets:
        for who, starts, ends in stints(one):
            by_person[who].append((starts, ends, one))
    spent: dict[str, float] = defaultdict(float)
    for mine in by_person.values():
        edges = sorted({edge for starts, ends, _ in mine for edge in (starts, ends)})
        for starts, ends, one in mine:
            if TOIL & set(one.labels):
                for since, until in pairwise(edge for edge in edges if starts <= edge <= ends):
                    busy = sum(a <= since and until <= b for a, b, _ in mine)
                    spent[one.key] += (clock(until) - clock(since)) / busy / 3600
    for one in world.tickets:
        if TOIL & set(one.labels) and one.resolved:
            yield Event(one.resolved, spent.get(one.key))


@oracle("off_hours", "share", 20, private=True)
def off_hours(world, _):
    done = [(one.opened, one.author) for one in world.pulls]
    done += [(moment, who) for one in world.pulls for moment, _, who in one.said]
    for moment, who in done:
        if who and who not in BOTS:
            here = moment.astimezone(BERLIN)
            at_work = here.weekday() < 5 and here.date() not in HOLIDAYS and 9 <= here.hour < 17
            yield Event(moment, not at_work, who=who)


@oracle("fragmentation", "median", 20, private=True)
def fragmentation(world, _):
    moved: dict[date, dict[str, dict[str, datetime]]] = defaultdict(lambda: defaultdict(dict))
    tidied = {(one.key, spell.since) for one in world.tickets for spell in one.spells if spell.tidied}
    for one in world.tickets:
        for history in one.histories:
            moment = datetime.fromtimestamp(history["created"] / 1000, UTC)
            if any(item.get("fieldId") == "status" for item in history["items"]) and (one.key, moment) not in tidied:
                mine = moved[moment.astimezone(BERLIN).date()][history["author"]["accountId"]]
                mine[one.key] = min(moment, mine.get(one.key, moment))
    for active in moved.values():
        each = fmean(len(mine) for mine in active.values())
        yield from (Event(min(mine.values()), each, who=who) for who, mine in active.items())


# Usage


def used_in(world, span):
    return [one for one in world.usage if span[0] <= one["at"] < span[1] and one["count"]]


@oracle("feature_use", "sum", read_to=USAGE_UNTIL)
def feature_use(world, _):
    return [Event(one["at"], one["count"]) for one in world.usage]


@oracle("active_areas", "count", read_to=USAGE_UNTIL)
def active_areas(world, spans):
    for span in spans:
        yield from (Event(just_before(span[1])) for area in {one["area"] for one in used_in(world, span)} if area)


@oracle("feature_adoption", "share", 5, read_to=USAGE_UNTIL)
def feature_adoption(world, spans):
    for span in spans:
        known = [one for one in world.usage if one["at"] < span[1] and one["count"] and one["area"]]
        pairs = {(one["feature"], one["area"]) for one in used_in(world, span)}
        for feature in {one["feature"] for one in known}:
            for area in {one["area"] for one in known}:
                yield Event(just_before(span[1]), (feature, area) in pairs)


@oracle("active_people", "count", read_to=USAGE_UNTIL, private=True)
def active_people(world, spans):
    for span in spans:
        for who in {one["user"] for one in used_in(world, span) if one["user"]}:
            yield Event(just_before(span[1]), who=who)


# Delivery


@oracle("deployment_frequency", "count")
def deployment_frequency(world, _):
    return [Event(one.finished) for one in shipped(world) if one.outcome == "success"]


@oracle("change_lead_time", "median", 8)
def change_lead_time(world, _):
    for one in (one for one in world.landed if not one.takes_back):
        deployed, first = one.moments["deployed"], one.moments["begun"]
        yield Event(deployed or one.merged, days(deployed - first) if deployed and first else None)


@oracle("change_fail_rate", "share", 4)
def change_fail_rate(world, _):
    return [Event(one.finished, one.cause is not None) for one in shipped(world)]


@oracle("failed_deployment_recovery_time", "kaplan_meier")
def failed_deployment_recovery_time(world, _):
    for one in shipped(world):
        if one.cause:
            yield Event(one.finished, hours((one.restored or UNTIL) - one.finished), open=not one.restored)


@oracle("deployment_rework_rate", "share", 4)
def deployment_rework_rate(world, _):
    return [Event(one.finished, one.why is not None) for one in shipped(world)]


# Checks

BROKE, ENDED = {"failure", "timed_out", "startup_failure"}, {"success", "failure", "timed_out", "startup_failure"}


def checks(world, *, on_pull_requests=False):
    return [
        run
        for run in world.runs
        if run["path"] != PROVISION[1] and (run["event"] == "pull_request" or not on_pull_requests)
    ]


@oracle("ci_wait", "median", 8)
def ci_wait(world, _):
    for run in checks(world, on_pull_requests=True):
        since = at(run["created_at"] if run["run_attempt"] == 1 else run["run_started_at"])
        if run["status"] != "completed":
            yield Event(at(run["created_at"]), None)
        elif run["conclusion"] in ENDED:
            yield Event(at(run["created_at"]), (at(run["updated_at"]) - since) / MINUTE)


@oracle("ci_queue", "median", 8)
def ci_queue(world, _):
    for run in checks(world, on_pull_requests=True):
        made = at(run["created_at"])
        yield Event(made, (at(run["run_started_at"]) - made) / MINUTE if run["run_attempt"] == 1 else None)


@oracle("ci_failure_share", "share", 8)
def ci_failure_share(world, _):
    return [
        Event(at(run["created_at"]), run["conclusion"] in BROKE)
        for run in checks(world)
        if run["head_branch"] == "main" and run["event"] != "pull_request" and run["conclusion"] in ENDED
    ]


@oracle("ci_rerun_share", "share", 8)
def ci_rerun_share(world, _):
    return [Event(at(run["created_at"]), run["run_attempt"] > 1) for run in checks(world) if run["conclusion"] in ENDED]


# Pull requests


def between(first: str, last: str, unit: timedelta) -> Telling:
    def tell(world, _):
        for one in world.landed:
            since, until = one.moments[first], one.moments[last]
            yield Event(
                (last == "deployed" and until) or one.merged, (until - since) / unit if since and until else None
            )

    return tell


oracle("pull_request_cycle_time", "median", 8)(between("begun", "merged", DAY))
oracle("coding_time", "median", 8)(between("begun", "ready", HOUR))
oracle("pickup_time", "median", 8)(between("ready", "reviewed", HOUR))
oracle("review_time", "median", 8)(between("reviewed", "approved", HOUR))
oracle("merge_time", "median", 8)(between("approved", "merged", HOUR))
oracle("deploy_time", "median", 8)(between("merged", "deployed", HOUR))


@oracle("pickup_working_time", "median", 8)
def pickup_working_time(world, _):
    for one in world.landed:
        ready, reviewed = one.moments["ready"], one.moments["reviewed"]
        yield Event(one.merged, worked(ready, reviewed) / 3600 if reviewed else None)


@oracle("pull_request_size", "median", 8)
def pull_request_size(world, _):
    return [Event(one.merged, one.lines) for one in world.landed]


@oracle("review_depth", "median", 8)
def review_depth(world, _):
    return [Event(one.merged, one.rounds) for one in world.landed]


@oracle("unreviewed_share", "share", 8)
def unreviewed_share(world, _):
    return [Event(one.merged, not one.reviews) for one in world.landed]


@oracle("rework_after_review", "share", 8)
def rework_after_review(world, _):
    return [Event(one.merged, one.changed_after_review if one.reviews else None) for one in world.landed]


@oracle("age_of_open_pull_requests", "median", 8)
def age_of_open_pull_requests(world, spans):
    for one in (one for one in world.pulls if not one.bot):
        end = one.merged or one.closed
        for _, until in spans:
            if one.opened < until and (end is None or end >= until):
                yield Event(just_before(until), days(until - one.opened))


@oracle("closed_without_merging", "share", 8)
def closed_without_merging(world, _):
    for one in (one for one in world.pulls if not one.bot):
        if one.merged or one.closed:
            yield Event(one.merged or one.closed, not one.merged)


# Knowledge


@cache
def parts_of(world):
    """Return, for each merged change: its month, the components it touched, who wrote it and who reviewed it."""
    found = []
    for one in world.landed:
        paths = [told["path"] for told in one.told["files"] if not told["path"].endswith(".lock")]
        components = {f"{one.repo}/{'/'.join(path.split('/')[:-1][:2])}" for path in paths}
        wrote = {who for who in {one.author, *one.committers} if who and who not in BOTS}
        reviewed = {who for _, _, who in one.said if who and who not in BOTS} - wrote
        found.append((one, month_of(one.merged), components, wrote, reviewed))
    return found


@cache
def depth(world, component, month):
    """Return how many people knew a component when a month had ended; 3 for three or more."""
    wrote, reviewed = Counter(), Counter()
    for _, then, components, writers, readers in parts_of(world):
        if component in components and 0 <= month - then < 12:
            weight = 1 if month - then < 6 else 0.5
            wrote.update(dict.fromkeys(writers, weight))
            reviewed.update(dict.fromkeys(readers, weight))
    return min(3, sum(wrote[who] >= 3 or reviewed[who] >= 5 for who in {*wrote, *reviewed}))


def first_month(world, repo):
    return min(month for one, month, *_ in parts_of(world) if one.repo == repo)


@oracle("knowledge_depth", "median", 5)
def knowledge_depth(world, spans):
    for _, until in spans:
        month = month_of(until) - 1
        recent = [
            (one.repo, component)
            for one, then, components, *_ in parts_of(world)
            if 0 <= month - then < 12
            for component in components
        ]
        for repo, component in set(recent):
            known = month - first_month(world, repo) + 1 >= 6
            yield Event(just_before(until), depth(world, component, month) if known else None)


@oracle("thinly_known_share", "share", 8)
def thinly_known_share(world, _):
    for one, month, components, *_ in parts_of(world):
        for component in components:
            known = month - first_month(world, one.repo) >= 6
            yield Event(one.merged, depth(world, component, month - 1) <= 1 if known else None)


@oracle("review_evenness", "median")
def review_evenness(world, _):
    for since, until in periods("month", UNTIL):
        month, reviews = month_of(since), Counter()
        for _, then, _, writers, readers in parts_of(world):
            if then == month:
                reviews.update({who: who in readers for who in writers | readers})
        total = sum(reviews.values())
        if len(reviews) >= 5 and total:
            parts = [n / total for n in reviews.values() if n]
            yield Event(just_before(until), round(-sum(p * log(p) for p in parts) / log(len(reviews)), 2))


# Issues


def finished(world):
    return [one for one in world.issues if one.finished]


@oracle("issue_lead_time", "median", 8)
def issue_lead_time(world, _):
    return [Event(one.resolved, None if one.untimed else days(one.resolved - one.created)) for one in finished(world)]


@oracle("issue_cycle_time", "kaplan_meier", 8)
def issue_cycle_time(world, _):
    for one in (one for one in world.issues if not one.cancelled):
        if one.began:
            took = worked(one.began, one.resolved or UNTIL) / 3600
            yield Event(one.began, None if one.untimed else took, open=not one.resolved)
        elif one.resolved:
            yield Event(one.resolved, None)


@oracle("time_in_status", "median", 8)
def time_in_status(world, _):
    for one in finished(world):
        stood: Counter[str] = Counter()
        for spell in one.spells:
            if spell.kind != "done" and not spell.untimed and spell.until and spell.until <= one.resolved:
                stood[spell.status] += worked(spell.since, spell.until)
        yield from (Event(one.resolved, seconds / 3600) for seconds in stood.values())


@oracle("flow_efficiency", "share", 8)
def flow_efficiency(world, _):
    for one in finished(world):
        if one.start and not one.untimed:
            active, waiting = one.hours_in("active"), one.hours_in("wait")
            yield Event(one.resolved, active / (active + waiting) if active + waiting else None)


@oracle("work_in_progress", "balance")
def work_in_progress(world, _):
    return [event for one in world.issues for event in came_and_went(one.work_spans)]


@oracle("age_of_work_in_progress", "median", 8)
def age_of_work_in_progress(world, spans):
    return [
        event for one in world.issues if one.work_spans for event in ages(one.work_spans[0][0], one.work_spans, spans)
    ]


@oracle("throughput", "count")
def throughput(world, _):
    return [Event(one.resolved) for one in finished(world)]


@oracle("issues_cancelled", "count")
def issues_cancelled(world, _):
    return [Event(one.resolved) for one in world.issues if one.cancelled]


# Work


def work(issue):
    """Return what an issue was for, by the rules in WORDS: the first that fits counts."""
    parent = issue.fields.get("parent")
    if issue.is_bug:
        return "bugs"
    if issue.type == "Experiment":
        return "exploration"
    if issue.type == "Story" or (parent and parent["fields"]["summary"].startswith("Better ")):
        return "goal work"
    return "keeping the lights on" if "database" in issue.labels else "not sorted yet"


@oracle("work_mix", "count")
def work_mix(world, _):
    return [Event(one.resolved, kind=work(one)) for one in finished(world)]


@oracle("unsorted_work", "share", 8)
def unsorted_work(world, _):
    return [Event(one.resolved, work(one) == "not sorted yet") for one in finished(world)]


@oracle("unplanned_work", "share", 8)
def unplanned_work(world, _):
    for one in world.tickets:
        for sprint in one.fields[SPRINT] or ():
            start = at(sprint["startDate"])
            if start <= UNTIL:
                yield Event(max(start, one.created), one.created > start)


@oracle("work_without_issue", "share", 8)
def work_without_issue(world, _):
    for one in world.landed:
        words = f"{one.told['title']} {one.told['headRefName']}".upper()
        tied = one.told["closingIssuesReferences"] or re.search(r"\b(SHOP|PAY|OPS)-\d+\b", words)
        yield Event(one.merged, not tied)


# The promises


def printed(patch, capsys, *words):
    """Return what a command prints as JSON."""
    patch.setattr(sys, "argv", ["metrics", *words, "--json"])
    with pytest.raises(SystemExit) as ended:
        __main__.run()
    answer, complaint = capsys.readouterr()
    assert (ended.value.code or 0, complaint) == (0, "")
    return json.loads(answer)


def drawn(metric: Any, every: str) -> list[float | None]:
    """Return what the chart of a metric shows on the page Explore, all of its history."""
    app = AppTest.from_file(HOUSE / "pages" / "menu.py", default_timeout=90)
    app.switch_page("explore.py")
    for name, value in {"metric": metric.title, "every": every, "range": "All"}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]["y"]


def test_every_metric_has_an_oracle_or_a_reason_why_not():
    assert {*ORACLES, *dict(LEFT_OUT)} == {one.name for one in METRICS}


@pytest.mark.parametrize("every", ["week", "month"])
@pytest.mark.parametrize("name", ORACLES)
def test_the_number_printed_is_the_number_worked_out_from_what_was_served(name, every, world, monkeypatch, capsys):
    told = printed(monkeypatch, capsys, "show", name, "--every", every)["points"]
    expected = ORACLES[name].points(world, every)

    assert [(one["starts"], one["n"], one["of"]) for one in told] == [
        (one["starts"], one["n"], one["of"]) for one in expected
    ]
    assert [one["value"] for one in told] == [
        one["value"] if one["value"] is None else pytest.approx(one["value"], rel=1e-9, abs=1e-6) for one in expected
    ]


@pytest.mark.parametrize("name", ORACLES)
def test_the_number_on_the_page_is_the_number_worked_out_from_what_was_served(name, world):
    oracle, metric = ORACLES[name], next(one for one in METRICS if one.name == name)
    by_week = oracle.points(world, "week")
    every = "week" if 2 * sum(one["value"] is not None for one in by_week) > len(by_week) else "month"
    expected = [one["value"] for one in (by_week if every == "week" else oracle.points(world, every))]

    assert any(expected), "nothing but nothing to compare"
    assert drawn(metric, every) == [one if one is None else pytest.approx(one, rel=1e-9, abs=1e-6) for one in expected]


@pytest.mark.parametrize("name", ["age_of_open_bugs", "bugs_reopened", "handed_on", "knowledge_depth", "review_depth"])
def test_where_the_number_hardly_changes_the_rows_are_those_that_were_served(name, world, monkeypatch, capsys):
    told = printed(monkeypatch, capsys, "rows", name, "--every", "month")["rows"]
    events = ORACLES[name].tell(world, list(periods("month", UNTIL)))
    key = lambda row: (row[0], row[1] is not None, row[1] or 0)  # noqa: E731
    expected = sorted(((one.at, one.value) for one in events), key=key)
    found = sorted(((at(one["happened_at"]), one["value"]) for one in told), key=key)

    assert len({value for _, value in found}) > 1
    assert [moment for moment, _ in found] == [moment for moment, _ in expected]
    assert [value for _, value in found] == [
        value if value is None else pytest.approx(float(value), rel=1e-9, abs=1e-6) for _, value in expected
    ]


@pytest.mark.parametrize("kind", ["goal work", "keeping the lights on", "bugs", "exploration", "not sorted yet"])
def test_the_work_mix_is_sorted_as_the_words_of_the_team_say(kind, world, monkeypatch, capsys):
    told = printed(monkeypatch, capsys, "show", "work_mix", "--kind", kind, "--every", "month")["points"]
    expected = {one["starts"]: one["value"] for one in ORACLES["work_mix"].points(world, "month", kind)}

    assert sum(expected.values())
    assert {one["starts"]: one["value"] for one in told} == {one["starts"]: expected[one["starts"]] for one in told}


def test_what_happens_by_hand_in_this_company_does_happen(world):
    ended = shipped(world)

    assert {one.cause for one in ended} == {None, "incident", "own failure", "rolled back", "reverted", "hotfix"}
    assert {one.why for one in ended} == {None, "rollback", "hotfix", "revert"}
    assert any(one.rerun for one in attempts(world))
    assert sum(one.untimed for one in world.tickets) == 25
    by_pulls = [one for one in world.issues if one.source == "github" and one.work_spans]
    assert {one.resolved is None for one in by_pulls} == {True, False}
    assert any(one.finished and not one.began for one in world.issues)
    traced = [(one, cause) for one in world.tickets if one.is_incident and (cause := _cause(world, one))]
    went = {one.id: one.finished for one in attempts(world)}
    assert any(one.created - went[cause] > 48 * HOUR for one, cause in traced)  # no nearest deployment would be it
    assert any(one.takes_back for one in world.pulls)
