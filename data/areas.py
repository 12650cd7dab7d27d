"""Whose part of the system is looked at: the teams and areas of team.toml, and what in the data belongs to each."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from data.rules import applies, is_glob

if TYPE_CHECKING:
    from data.team import Area, Team

TEAM = "Team "


def choices(words: "Team") -> dict[str, tuple[str, ...]]:
    """Return what can be chosen, teams first, with the globs over names of areas that each stands for.

    A team is told as one, so that it never takes the name of an area it owns: Team Payments, payments.
    """
    teams = {_named(one): _owned(one, words) for one in words.teams}
    listed = [name for one in words.github for name in one.repositories]
    listed += [name for one in words.jira for name in one.projects]
    places = [place for owned in teams.values() for place in owned]
    areas = {_short(name).lower(): _short(name) for name in (*listed, *places) if not is_glob(name)}
    return {**teams, **{areas[name]: (areas[name],) for name in sorted(areas)}}


def belonging(globs: Iterable[str], areas: Iterable[str]) -> tuple[str, ...]:
    """Return those of the data's areas that fit one of the globs, in any case."""
    held = tuple(globs)
    return tuple(area for area in areas if applies(held, area))


def _named(team: "Area") -> str:
    return team.name if team.name.lower().startswith(TEAM.lower()) else f"{TEAM}{team.name}"


def _owned(team: "Area", words: "Team") -> tuple[str, ...]:
    """Return the short names of a team's repositories, their services, its projects and components."""
    services = [
        one.name
        for one in words.services
        if any(applies(team.repositories, repository) for repository in one.repositories)
    ]
    told = (*map(_short, team.repositories), *services, *map(_short, team.projects), *team.components)
    return tuple(dict.fromkeys(told))


def _short(name: str) -> str:
    """Return the name of a repository without its owner, which is how areas are named."""
    return name.rpartition("/")[2]
