"""How a new entry begins: what its form is filled in with, and what has to be read before it is kept."""

from collections.abc import Mapping

from data.entry import Entry, Kind
from pages import experiment, reading
from pages.form import Check


def start(its: Kind, said: Mapping[str, str]) -> dict[str, str]:
    """Return what a form begins with: what was said on the way to it, then the usual days and states."""
    begun = dict(said)
    if its.rhythm:
        begun.setdefault(its.due, (reading.today() + its.rhythm).isoformat())
    if its.name == "experiment":
        begun.setdefault("start", reading.today().isoformat())
    for field in its.fields:
        if field.name in {"state", "far"}:
            begun.setdefault(field.name, field.choices[0])
    return begun


def check(its: Kind, seen: Entry | None = None) -> Check | None:
    """Return what has to be read before an entry is kept: of an experiment what it could show, unless that was read before."""
    if its.name != "experiment":
        return None
    before = (seen.body if seen else None) or {}
    return lambda body: experiment.could_show(body) if experiment.changed(before, body) else []
