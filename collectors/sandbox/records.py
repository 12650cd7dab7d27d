"""What is kept of one thing that happened: a pull request, a deployment, a run, an issue, with its moments."""

import hashlib
from dataclasses import dataclass, field

from collectors.sandbox.company import RESOLUTIONS, STATUSES, Service

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(slots=True, eq=False)
class Pull:
    """A pull request; `events` are (moment, kind, details…). `author` None is a deleted account."""

    service: Service
    title: str
    branch: str
    author: str | None
    at: int
    draft: bool = False
    labels: tuple[str, ...] = ()
    events: list[tuple] = field(default_factory=list)
    merged: int | None = None
    sha: str = ""
    ticket: "Ticket | None" = None
    reverts: "Pull | None" = None
    closes: "Issue | None" = None
    number: int = 0
    ident: int = 0

    @property
    def quick(self) -> bool:
        """Whether it mends something that customers are waiting for."""
        return self.reverts is not None or self.branch.startswith("hotfix/")

    def merge(self, at: int, who: str | None, commit: str) -> None:
        """Merge it."""
        self.merged, self.sha = at, commit
        self.events.append((at, "merged", commit, who))


@dataclass(slots=True, eq=False)
class Issue:
    """An issue in a repository; `events` are (moment, kind, label or reason)."""

    service: Service
    title: str
    author: str | None
    at: int
    events: list[tuple] = field(default_factory=list)
    number: int = 0
    ident: int = 0


@dataclass(slots=True, eq=False)
class Deployment:
    """A deployment; `statuses` are (moment, state, description)."""

    service: Service
    environment: str
    sha: str
    task: str
    at: int
    statuses: list[tuple[int, str, str]]
    ident: int = 0


@dataclass(slots=True, eq=False)
class Run:
    """A workflow run; `attempts` are (start, end or None, conclusion)."""

    service: Service
    name: str
    path: str
    event: str
    title: str
    sha: str
    branch: str
    actor: str
    attempts: list[tuple[int, int | None, str]]
    ident: int = 0

    @property
    def at(self) -> int:
        """When it began."""
        return self.attempts[0][0]


@dataclass(slots=True, eq=False)
class Release:
    """A release of a service, with the commit its tag names."""

    service: Service
    at: int
    sha: str
    ident: int = 0


@dataclass(slots=True, eq=False)
class Ticket:
    """A Jira issue; `events` are (moment, who, items), an item is (field, fieldId, from, fromString, to, toString)."""

    project: str
    kind: str
    summary: str
    at: int
    reporter: str
    component: str | None = None
    priority: str = "Medium"
    labels: tuple[str, ...] = ()
    parent: "Ticket | None" = None
    points: float | None = None
    request: str | None = None
    status: str = "To Do"
    resolution: str | None = None
    events: list[tuple[int, str, list[tuple]]] = field(default_factory=list)
    cause: "Ticket | None" = None  # linked at this end alone: at the other it would be a change of that one as well
    number: int = 0
    ident: int = 0

    def move(self, at: int, who: str, status: str, resolution: str | None = None) -> None:
        """Put it into a status, with or without a resolution; moves are told in the order they happen."""
        items: list[tuple] = [("status", "status", STATUSES[self.status][0], self.status, STATUSES[status][0], status)]
        if resolution != self.resolution:
            old, new = (name and RESOLUTIONS[name] for name in (self.resolution, resolution))
            items.append(("resolution", "resolution", old, self.resolution, new, resolution))
        self.status, self.resolution = status, resolution
        self.events.append((at, who, items))


def sha(*words: object) -> str:
    """Return a commit's hash, made from words that name it."""
    return hashlib.sha1("/".join(map(str, words)).encode(), usedforsecurity=False).hexdigest()


def account(login: str) -> str:
    """Return the Jira account id of a person."""
    return f"712020:{sha('account', login)[:24]}"
