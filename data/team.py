"""The team's own words: which repositories and projects, what counts as production, a bug, a Workflow."""

import difflib
import os
import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from data.errors import CairnError

CHECKOUT = Path(__file__).resolve().parent.parent
SANDBOX = CHECKOUT / "data" / "sandbox.toml"


class Words(BaseModel):
    """A table of team.toml: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"'{name}' is not a time zone; write one like 'Europe/Berlin' or 'UTC'") from None
    return name


def _root(url: str) -> str:
    return url.strip().rstrip("/")


def source_name(url: str) -> str:
    """Return what a site is called in the store: its host and path."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] + parts.path


def _repository(name: str) -> str:
    if name.count("/") != 1 or not all(name.split("/")):
        raise ValueError(f"'{name}' is not a repository; write it as 'owner/name'")
    return name


def _organisation(name: str) -> str:
    if not name or "/" in name:
        raise ValueError(f"'{name}' is not an organisation; write the name alone, as it stands in the address")
    return name


def _tables(value: Any) -> Any:
    return (value,) if isinstance(value, dict) else value


Url = Annotated[str, AfterValidator(_root)]
Names = tuple[str, ...]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


class GitHub(Words):
    """One GitHub: github.com or an Enterprise root, and the repositories read from it, by name or by organisation.

    `include` and `exclude` are globs over the names found in the organisations, with or without the owner. `jobs` are globs
    over workflows, by name or file, whose jobs are read too: that is a request for each of their runs.
    """

    url: Url = "https://github.com"
    repositories: tuple[Annotated[str, AfterValidator(_repository)], ...] = ()
    organisations: tuple[Annotated[str, AfterValidator(_organisation)], ...] = ()
    include: Names = ()
    exclude: Names = ()
    jobs: Names = ()

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.repositories or self.organisations):
            raise ValueError("name repositories, or organisations to find them in")
        return self


class Jira(Words):
    """One Jira site and the projects read from it."""

    url: Url
    projects: Names


class Area(Words):
    """A team and what it owns."""

    name: str
    repositories: Names = ()
    projects: Names = ()
    components: Names = ()


class Deployments(Words):
    """Which deployments reach customers; globs, whole names, any case.

    `from_releases` names the repositories that tell of no deployments: there a release counts as one to production.
    """

    production: Names = ("production", "prod", "live")
    hotfix: Names = ("hotfix*", "*:hotfix", "*/hotfix*")
    rollback: Names = ("rollback*", "*:rollback", "*/rollback*")
    from_releases: Names = ()


class Service(Words):
    """A service and where it lives: globs over repositories, the paths of its files there, the environments it goes to.

    Without paths the whole repository is the service; without environments every one is.
    """

    name: str
    repositories: Names
    paths: Names = ()
    environments: Names = ()


class Correction(Words):
    """What a person says of an incident: the deployment that began it, by its id, number or commit, or "none"."""

    incident: str
    deployment: str


class Escaped(Words):
    """Which bugs got past us: found by customers or in production; globs, whole names, any case. Requests are Jira's types."""

    types: Names = ()
    labels: Names = ("customer*", "escaped*", "found-in-production", "found in production")
    requests: Names = ()


class Bugs(Words):
    """Which issues are bugs; globs, whole names, any case."""

    types: Names = ("Bug",)
    labels: Names = ("bug", "type: bug", "kind/bug")
    escaped: Escaped = Escaped()


class Issues(Words):
    """Which issues were closed without being done: by resolution or by last status; globs, whole names, any case.

    `caused_by` are globs over what a link between two issues of Jira says of the one that the other caused.
    """

    cancelled: Names = (
        "won't*", "wont*", "not?planned", "notplanned", "duplicate*", "declined", "cancel*", "cannot reproduce", "incomplete",
        "obsolete", "rejected", "abandoned",
    )  # fmt: skip
    caused_by: Names = ("is caused by", "was caused by", "caused by", "is a regression of")


class Sorted(Words):
    """Which issues are one kind of work; globs, whole names, any case. Parents fit by key or by title, two levels up."""

    types: Names = ()
    labels: Names = ()
    parents: Names = ()
    projects: Names = ()


class Work(Words):
    """What the work was for. What is a bug by [bugs] is a bug here; what fits nothing is not sorted yet."""

    bug: Sorted = Sorted()
    explore: Sorted = Sorted()
    goal: Sorted = Sorted()
    keep: Sorted = Sorted()


class Incidents(Words):
    """Which issues are incidents; globs, whole names, any case. `within`: hours in which a deployment may be what began one."""

    types: Names = ("Incident", "[[]System] Incident")
    labels: Names = ("incident", "outage")
    within: Annotated[float, Field(gt=0, le=24 * 90)] = 48


class Statuses(Words):
    """What the team's statuses mean. A status not named here follows its own category in Jira."""

    queue: Names = ()
    active: Names = ()
    wait: Names = ("Blocked", "In Review", "Waiting*")
    done: Names = ()


class StatusesUntil(Words):
    """What some statuses meant before a day, when the workflow was another one. What is not named here, [statuses] says."""

    until: date  # the first day on which it no longer held
    queue: Names = ()
    active: Names = ()
    wait: Names = ()
    done: Names = ()


class Special(Words):
    """Days on which work is not as usual, a freeze or a company week: shown, and left out of what is usual."""

    since: date
    until: date  # the first day that is as usual again
    what: str

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until <= self.since:
            raise ValueError(f"'{self.what}' ends before it begins; `until` is the first day that is as usual again")
        return self


class Calendar(Words):
    """When the team works, in its time zone. Whoever works everywhere and always says all seven days and [0, 24]."""

    workdays: tuple[Weekday, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri")
    hours: tuple[float, float] = (9, 17)
    country: str | None = None  # ISO 3166 code; its public holidays are no working days
    region: str | None = None  # ISO 3166-2 code without the country
    holidays: tuple[date, ...] = ()  # of the team's own
    special: tuple[Special, ...] = ()

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        opens, closes = self.hours
        if not 0 <= opens < closes <= 24:
            raise ValueError("write hours as two numbers of one day, for example [9, 17] or [8.5, 16.5]")
        self.days_off(2026, 2027)
        return self

    def days_off(self, since: int, until: int) -> dict[date, str]:
        """Return the holidays of some years, `until` exclusive, and what each is called: the country's and the team's own."""
        own = {day: "Holiday of the team" for day in self.holidays if since <= day.year < until}
        return own | dict(_public_holidays(self.country, self.region, since, until) if self.country else {})


@lru_cache(8)
def _public_holidays(country: str, region: str | None, since: int, until: int) -> dict[date, str]:
    from holidays import country_holidays  # noqa: PLC0415  slow to import, and seldom asked

    try:
        return dict(country_holidays(country, subdiv=region, years=range(since, until), language="en_US"))
    except NotImplementedError:
        place = f"'{country}', region '{region}'" if region else f"'{country}'"
        raise ValueError(
            f'no public holidays are known for {place}; write ISO codes like country = "DE", region = "BE"'
        ) from None


def _timed(value: Any) -> Any:
    """Return pairs of hours, or the word worklogs. Raises ValueError that says how to write them."""
    if value == "worklogs":
        return value
    pairs = value if isinstance(value, (list, tuple)) else [value]
    for pair in pairs:
        numbers = pair if isinstance(pair, (list, tuple)) else ()
        if len(numbers) != 2 or not all(type(hours) in {int, float} and 0 < hours < 10_000 for hours in numbers):
            raise ValueError(
                f"'{pair}' is not a ticket that was timed; write [[hours timed, hours active], ...], or \"worklogs\""
            )
    return tuple((float(timed), float(active)) for timed, active in pairs)


def _differ(workflows: "tuple[Workflow, ...]") -> "tuple[Workflow, ...]":
    names = [one.name.lower() for one in workflows]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"there are two Workflows named '{twice[0]}'; give each a name of its own")
    return workflows


Timed = Annotated[tuple[tuple[float, float], ...] | Literal["worklogs"], BeforeValidator(_timed)]


class Spread(Words):
    """A number somebody believes: its middle, and the low and high between which it lies nine times in ten."""

    median: Positive
    low: Positive
    high: Positive

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low < self.median < self.high:
            raise ValueError("write low below median and median below high")
        return self


class Support(Words):
    """Which tickets are questions about a Workflow, and the hours of work one of them takes."""

    labels: Names = ()
    types: Names = ()
    hours: Positive

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.labels or self.types):
            raise ValueError("name the labels or the types of the tickets that ask about the Workflow")
        return self


class Baseline(Words):
    """What a Workflow's requests took before it was there. It is dated, so that what was worked out from it stays.

    From the team's own tickets of those days; from a sample, as the hours some tickets were active; or assumed, as the hours
    one takes. `requests` is how many came then, by default as many as there are tickets; `days` how long one waited.
    `since` and `until` are days, or both whole weeks before the Workflow opened.
    """

    since: date | Annotated[int, Field(gt=0, le=520, strict=True)]
    until: date | Annotated[int, Field(ge=0, le=520, strict=True)]
    source: Literal["tickets", "sample", "assumption"]
    requests: Annotated[int, Field(ge=0)] | None = None
    active: tuple[Positive, ...] = ()
    hours: Spread | None = None
    days: Positive | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if isinstance(self.since, int) and isinstance(self.until, int):
            early = self.since <= self.until  # weeks before: the larger number is the earlier day
        elif isinstance(self.since, int) or isinstance(self.until, int):
            raise ValueError(  # noqa: TRY004  pydantic turns this one into words
                "write its 'since' and 'until' both as days, or both as weeks before the Workflow opened"
            )
        else:
            early = self.since >= self.until
        if early:
            raise ValueError("its 'since' has to lie before its 'until', which is the first day that no longer counts")
        told = {key for key in ("requests", "active", "hours", "days") if getattr(self, key) not in (None, ())}
        wanted = {"tickets": "", "sample": "active", "assumption": "hours"}[self.source]
        unused = {"tickets": told, "sample": told & {"hours"}, "assumption": told & {"active"}}[self.source]
        if wanted and wanted not in told:
            how = "active = [hours each ticket was active]" if wanted == "active" else "hours = {median, low, high}"
            raise ValueError(f"source = '{self.source}' needs {how}")
        if unused:
            raise ValueError(f"source = '{self.source}' has no use for '{min(unused)}': leave it out")
        return self


class Touch(Words):
    """How hours a ticket was active become hours of work: timed tickets, as [timed, active] hours, or what is assumed."""

    timed: Timed = ()
    kappa: Spread | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.timed and self.kappa:
            raise ValueError("give 'timed' or 'kappa', not both: what was timed needs no assumption")
        return self


def _read_from(told: str | None) -> str | None:
    if told is not None and told.count("{area}") != 1:
        raise ValueError(
            f"'{told}' says nowhere, or twice, where the area stands; write {{area}} once, as in '* for {{area}}'"
        )
    return told


class Workflow(Touch):
    """One self-service Workflow: how its runs are recognised, which requests by hand it replaces, what it costs and saves.

    `runs` are globs over an Actions workflow's file, its name or a run's title; `features` over features in usage files, one
    use being one run that ended well; `forms` over Jira request types that nobody works on by hand; `opens` over features
    that say somebody opened the Workflow's form. `since` is the day it opened, by default that of its first run. `area` is a
    glob over the title of a run or a request in which {area} stands for the area it was for; without one, or where it does not
    fit, that is the repository of the run or the component of the ticket.
    """

    name: str
    runs: Names = ()
    features: Names = ()
    forms: Names = ()
    opens: Names = ()
    replaces: Names = ()
    area: Annotated[str | None, AfterValidator(_read_from)] = None
    since: date | None = None
    baseline: Baseline | None = None
    requester_hours: Positive | None = None
    attempt_hours: NotNegative | None = None
    repair_hours: NotNegative = 0
    upkeep_hours: NotNegative | None = None
    support: Support | None = None
    decay: Annotated[float, Field(ge=0, lt=1)] = 0

    @model_validator(mode="after")
    def _can_be_known(self) -> Self:
        if not (self.runs or self.features or self.forms):
            raise ValueError("say how its runs are recognised: give 'runs', 'features' or 'forms'")
        ends = self.baseline and self.baseline.until
        if self.since and isinstance(ends, date) and ends > self.since:
            raise ValueError("its baseline has to end before the day it opened: write an 'until' not after 'since'")
        if self.requester_hours is not None and self.attempt_hours is None:
            raise ValueError("'requester_hours' needs 'attempt_hours' beside it: running it takes people time as well")
        return self


class Toil(Touch):
    """Which tickets are toil: work by hand that comes again and leaves nothing behind. `capacity` is the team's hours a week."""

    labels: Names = ("toil",)
    types: Names = ()
    capacity: Positive | None = None


class Renewed(Words):
    """The day from which on a metric's usual range is drawn anew, and why."""

    since: date
    because: str = ""


def _renewals(value: Any) -> Any:
    """Return what stands behind a metric in [baselines] as tables: a day, a table with its reason, or a list of either."""
    told = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(one if isinstance(one, (dict, Renewed)) else {"since": one} for one in told)


def _by_day(renewals: tuple[Renewed, ...]) -> tuple[Renewed, ...]:
    return tuple(sorted(renewals, key=lambda one: one.since))


Renewals = Annotated[tuple[Renewed, ...], BeforeValidator(_renewals), AfterValidator(_by_day)]


class Knowledge(Words):
    """What counts as one component: a folder named here, else in CODEOWNERS, else the first levels of folders.

    `components` are folders from the root of a repository, with or without owner/name before them. `generated` are the files
    that nobody writes line by line, globs over the whole path, any case: no part of a size, and nothing to know.
    """

    depth: Annotated[int, Field(ge=1, le=9)] = 2
    components: Names = ()
    generated: Names = (
        "*.lock", "*package-lock.json", "*pnpm-lock.yaml", "*go.sum", "*.min.js", "*.min.css", "*.snap", "vendor/*", "*/vendor/*",
        "*/generated/*",
    )  # fmt: skip


def _group(entry: str) -> str:
    if entry.startswith("group:") and not entry.removeprefix("group:").strip():
        raise ValueError(f"'{entry}' names no group; write it as 'group:name'")
    if not entry.startswith("group:") and "@" not in entry and "*" not in entry:
        raise ValueError(f"'{entry}' is no e-mail; write 'name@example.org', '*@example.org' or 'group:name'")
    return entry


class Access(Words):
    """Who may look and who may write as well, where people log in: globs over whole e-mails, any case, or group:name."""

    viewers: tuple[Annotated[str, AfterValidator(_group)], ...] = ()
    editors: tuple[Annotated[str, AfterValidator(_group)], ...] = ()


class Keep(Words):
    """For how many months raw answers and the items in them are kept after they have ended; without a number for good."""

    months: Annotated[int, Field(ge=6, le=600, strict=True)] | None = None


class Team(Words):
    """Everything team.toml may say."""

    name: str = "Our team"
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    github: Annotated[tuple[GitHub, ...], BeforeValidator(_tables)] = ()
    jira: Annotated[tuple[Jira, ...], BeforeValidator(_tables)] = ()
    teams: tuple[Area, ...] = ()
    deployments: Deployments = Deployments()
    bugs: Bugs = Bugs()
    issues: Issues = Issues()
    work: Work = Work()
    incidents: Incidents = Incidents()
    statuses: Statuses = Statuses()
    statuses_until: tuple[StatusesUntil, ...] = ()
    calendar: Calendar = Calendar()
    services: tuple[Service, ...] = ()
    corrections: tuple[Correction, ...] = ()
    workflows: Annotated[tuple[Workflow, ...], AfterValidator(_differ)] = ()
    toil: Toil = Toil()
    bots: Names = ("*[[]bot]", "dependabot*", "renovate*", "github-actions*")
    knowledge: Knowledge = Knowledge()
    baselines: dict[str, Renewals] = Field(default_factory=dict)
    access: Access = Access()
    keep: Keep = Keep()


def team_file() -> Path:
    """Where the team's own words lie: CAIRN_CONFIG, or team.toml in the checkout. It may not exist."""
    return Path(os.environ.get("CAIRN_CONFIG") or CHECKOUT / "team.toml")


def read_team(path: Path) -> Team:
    """Return the Team a TOML file describes. Raises CairnError that names the file, the key and what to write."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CairnError(
            f"There is no {path.name} at {path}.\n"
            "Copy team.example.toml to that place and name your repositories and projects; nothing was collected."
        ) from None
    except (UnicodeDecodeError, OSError) as error:
        raise _unreadable(path, error) from None
    return _understood(path, text)


@lru_cache(8)
def _understood(path: Path, text: str) -> Team:
    """Return the Team a text describes; the same text, asked for again, is not understood anew."""
    try:
        return Team.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(path, error) from None
    except ValidationError as error:
        raise CairnError(_explain(path, error)) from None


def _unreadable(path: Path, error: Exception) -> CairnError:
    return CairnError(f"{path} cannot be read: {error}.\nMend that line and run again; nothing was changed.")


def _explain(path: Path, error: ValidationError) -> str:
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")  # a misspelt key also seems missing
    where = [str(part) for part in first["loc"]]
    place = ".".join(part for part in where[:-1] if not part.isdigit())
    table = f" in [{place}]" if place else ""
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(where[-1], _keys(where[:-1]), n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known there: {', '.join(sorted(_keys(where[:-1])))}."
        problem = f"{path} has an unknown key '{where[-1]}'{table}. {hint}"
    elif first["type"] == "missing":
        problem = f"{path} lacks the key '{where[-1]}'{table}."
    else:
        told = first["msg"].removeprefix("Value error, ")
        problem = f"{path}: '{'.'.join(where)}' is not usable: {told}."
    more = f" ({error.error_count() - 1} more like it)" if error.error_count() > 1 else ""
    return f"{problem}{more}\nMend it and run again; nothing was changed."


def _keys(where: list[str]) -> list[str]:
    """Return the keys that may stand at a place of team.toml."""
    model: Any = Team
    for part in where:
        if part.isdigit():
            continue
        annotation = model.model_fields[part].annotation
        inside = getattr(annotation, "__args__", (annotation,))[0]
        model = inside if isinstance(inside, type) and issubclass(inside, BaseModel) else model
    return list(model.model_fields)
