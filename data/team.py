"""The team's own words: which repositories and projects, what counts as production, a bug, a Workflow."""

import difflib
import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self
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
    """Which deployments reach customers; globs, whole names, any case."""

    production: Names = ("production", "prod", "live")
    hotfix: Names = ("hotfix*", "*:hotfix", "*/hotfix*")
    rollback: Names = ("rollback*", "*:rollback", "*/rollback*")


class Bugs(Words):
    """Which issues are bugs; globs, whole names, any case."""

    types: Names = ("Bug",)
    labels: Names = ("bug", "type: bug", "kind/bug")


class Incidents(Words):
    """Which issues are incidents; globs, whole names, any case."""

    types: Names = ("Incident", "[[]System] Incident")
    labels: Names = ("incident", "outage")


class Statuses(Words):
    """What the team's statuses mean. A status not named here follows its own category in Jira."""

    queue: Names = ()
    active: Names = ()
    wait: Names = ("Blocked", "In Review", "Waiting*")
    done: Names = ()


class Workflow(Words):
    """One self-service Workflow: how its runs are recognised and which manual requests it replaces."""

    name: str
    runs: Names
    replaces: Names = ()


class Team(Words):
    """Everything team.toml may say."""

    name: str = "Our team"
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    github: Annotated[tuple[GitHub, ...], BeforeValidator(_tables)] = ()
    jira: Annotated[tuple[Jira, ...], BeforeValidator(_tables)] = ()
    teams: tuple[Area, ...] = ()
    deployments: Deployments = Deployments()
    bugs: Bugs = Bugs()
    incidents: Incidents = Incidents()
    statuses: Statuses = Statuses()
    workflows: tuple[Workflow, ...] = ()
    bots: Names = ("*[[]bot]", "dependabot*", "renovate*", "github-actions*")
    baselines: dict[str, date] = Field(default_factory=dict)


def team_file() -> Path:
    """Where the team's own words lie: CAIRN_CONFIG, or team.toml in the checkout. It may not exist."""
    return Path(os.environ.get("CAIRN_CONFIG") or CHECKOUT / "team.toml")


def read_team(path: Path) -> Team:
    """Return the Team a TOML file describes. Raises CairnError that names the file, the key and what to write."""
    try:
        words = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CairnError(
            f"There is no {path.name} at {path}.\n"
            "Copy team.example.toml to that place and name your repositories and projects; nothing was collected."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CairnError(
            f"{path} cannot be read: {error}.\nMend that line and run again; nothing was changed."
        ) from None
    try:
        return Team.model_validate(words)
    except ValidationError as error:
        raise CairnError(_explain(path, error)) from None


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
