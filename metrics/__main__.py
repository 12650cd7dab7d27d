"""Metrics from the command line: the same numbers the pages show, for scripts, chat and e-mail.

`list --json` prints one list of
    {"name", "title", "unit", "better", "fold", "about", "caution", "asks", "needs", "minimum", "private"}
`show NAME --json` prints
    {"metric", "title", "unit", "fold", "every", "area", "kind", "since", "until", "edition", "complete_to",
     "points": [{"starts", "ends", "value", "low", "high", "p85", "n", "of", "coverage"}],
     "usual": {"low", "middle", "high", "since", "until", "n"} or null, "missing", "incomplete": a sentence each or null}
`rows NAME --json` prints
    {"metric", "unit", "every", "area", "kind", "since", "until", "edition",
     "rows": [{"happened_at", "value", "area", "kind", "what", "url"}]}
`signals --json` prints what moved, and `digest --format json` the same within
    {"team", "edition", "complete_to", "since", "watched", "too_few", "false_a_year", "rest",
     "moved": [{"metric", "slice", "kind", "since", "until", "before", "after", "low", "high", "direction", "evidence",
                "title", "unit", "said",
                "where": {"area", "kind", "phase": [{"part", "before", "after", "change", "share", "mix", "n_before", "n_after"}]},
                "near": [{"at", "what", "kind", "area", "url"}], "near_more", "questions", "link"}]}

Days are YYYY-MM-DD in the team's time zone; `until` and `ends` are the day after. Times end in Z: UTC. `value` is not rounded,
and null where there is none or n is below the metric's minimum; `low` and `high` enclose it nine times in ten, for shares and
medians; coverage is n / of, null where `of` is 0. `usual` comes from the whole history, whatever --since cuts off. `low` and
`high` of a signal enclose after - before. Each list under `where` adds up to its change exactly, and what has but one part is not
listed. Exit codes: 0 done, 2 could not start, with the reason in words.
"""

import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

import data
from data import CairnError, team
from metrics import (
    METRICS,
    Metric,
    behind,
    complete_to,
    digest,
    incomplete,
    metric,
    missing,
    privacy,
    rows,
    trend,
    usual,
)
from metrics.metric import _day, known
from metrics.words import instant, records

if TYPE_CHECKING:
    import pandas as pd

main = typer.Typer(
    help="What it means: every metric, its points and its rows.", no_args_is_help=True, add_completion=False
)

Name = Annotated[str, typer.Argument(help="A metric's name, as 'list' prints it.")]
Every = Annotated[str, typer.Option(help="week, month or quarter.")]
Area = Annotated[str | None, typer.Option(help="Only this repository, component, project or Workflow.")]
Kind = Annotated[str | None, typer.Option(help="Only this kind.")]
Since = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="From this day on.")]
Until = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Before this day.")]
AsOf = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="As people saw it at the end of this day; a lake keeps that.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, whose shape is stable.")]


@main.command("list")
def listing(as_json: Json = False) -> None:
    """List every metric."""
    if as_json:
        inner = {"sql", "signal", "streams", "censored"}
        _print([{k: v for k, v in dataclasses.asdict(one).items() if k not in inner} for one in METRICS])
        return
    for one in METRICS:
        sys.stdout.write(f"{one.name:<25}{one.title} ({one.unit})\n{'':<25}{one.about}\n")


@main.command()
def show(  # noqa: PLR0913  one option each
    name: Name,
    *,
    every: Every = "week",
    area: Area = None,
    kind: Kind = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show a metric's points, one per complete period, and its usual range."""
    chosen = metric(name)
    with _seen(as_of):
        _show(chosen, every=every, area=area, kind=kind, since=since, until=until, as_json=as_json)


def _show(chosen: Metric, *, every: str, as_json: bool, **asked_for: str | None) -> None:
    area, kind, since, until = (asked_for[name] for name in ("area", "kind", "since", "until"))
    asked = _asked(chosen, every=every, area=area, kind=kind, since=since, until=until)
    points = trend(chosen, **asked)
    whole = points if since is until is None else trend(chosen, every, area=area, kind=kind)
    range_ = usual(chosen, whole)
    read_to = complete_to(chosen)
    if as_json:
        points["coverage"] = (points["n"] / points["of"]).where(points["of"] > 0)
        head = {"metric": chosen.name, "title": chosen.title, "unit": chosen.unit, "fold": chosen.fold}
        tail = {"points": records(points.drop(columns="slice")), "usual": range_ and dataclasses.asdict(range_)}
        silent = {"missing": _silence(chosen, points), "incomplete": incomplete(chosen)}
        _print({**head, **asked, "edition": _edition(), "complete_to": read_to, **tail, **silent})
        return
    sys.stdout.write(f"{chosen.title}, {chosen.unit} by {every}. {chosen.about}\n")
    if read_to:
        sys.stdout.write(f"Complete to {read_to:%Y-%m-%d %H:%M} UTC.\n")
    if silent := _silence(chosen, points):
        sys.stdout.write(f"{silent}\n")
    elif (n := points["n"].sum()) < (of := points["of"].sum()) and chosen.fold != "balance":
        sys.stdout.write(f"{n:,} of {of:,} rows have a value ({n / of:.0%}).\n")
    if lacks := incomplete(chosen):
        sys.stdout.write(f"{lacks}\n")
    if range_:
        told = f"Usual range {range_.low:.3g} to {range_.high:.3g}, from {range_.n} periods since {range_.since}.\n"
        sys.stdout.write(told)
    _table(points.drop(columns="slice").round({"value": 2}), "No complete period yet.")


@main.command("rows")
def listed(  # noqa: PLR0913  one option each
    name: Name,
    *,
    every: Every = "week",
    area: Area = None,
    kind: Kind = None,
    since: Since = None,
    until: Until = None,
    starts: Annotated[
        str | None, typer.Option("--behind", metavar="YYYY-MM-DD", help="Those behind the mark of this day's period.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Print the rows behind a metric. --every matters only for --behind, and where rows say how things stood at the end of a period."""
    chosen = metric(name)
    with _seen(as_of):
        asked = _asked(chosen, every=every, area=area, kind=kind, since=since, until=until)
        found = behind(chosen, starts, every, area=area, kind=kind) if starts else rows(chosen, **asked)
        if as_json:
            _print({"metric": name, "unit": chosen.unit, **asked, "edition": _edition(), "rows": records(found)})
            return
    found["happened_at"] = found["happened_at"].dt.strftime("%Y-%m-%d %H:%M")
    _table(found.round({"value": 2}), "No rows.")


@main.command("signals")
def moved(as_json: Json = False) -> None:
    """Print what moved, where it comes from and what was near."""
    told = digest.digest()
    if as_json:
        _print([digest.record_of(one) for one in told.moved])
        return
    sys.stdout.write(digest.as_text(told))


@main.command("digest")
def digested(
    form: Annotated[str, typer.Option("--format", help="md for a chat, html for mail, json for scripts.")] = "md",
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Only what was first told after this day.")
    ] = None,
) -> None:
    """Print what moved, with links to the dashboard at CAIRN_URL; one line about the rest."""
    known(form, digest.FORMATS, "format")
    sys.stdout.write(digest.written(digest.digest(_day(since)), form))


@main.command("agenda")
def agenda_told() -> None:
    """Print the agenda of the next strategy hour, to be sent the evening before: what came of last time, and what was brought."""
    from data.journal import begun, journal  # noqa: PLC0415 most commands need no SQLAlchemy
    from metrics import hour  # noqa: PLC0415
    from metrics.brief import Line  # noqa: PLC0415

    now, words = datetime.now(UTC).replace(tzinfo=None), team()
    today = datetime.now(ZoneInfo(words.timezone)).date()
    entries, versions = (journal().entries(), journal().versions()) if begun() else ([], [])
    before = hour.last(hour.hours(entries), now)
    moved = digest.digest(hour.since_when(before, today)).moved
    new = [Line(digest.headline(one), metric=one.metric.name) for one in moved]
    parts = hour.opening(entries, versions, before, today, new, None)
    sys.stdout.write(hour.agenda(parts, hour.topics(entries, None), words.name))


@main.command("minutes")
def minutes_told() -> None:
    """Print the minutes of the strategy hour that runs, else of the one held last."""
    from data.journal import begun, journal  # noqa: PLC0415 most commands need no SQLAlchemy
    from metrics import hour  # noqa: PLC0415

    told = hour.hours(journal().entries()) if begun() else []
    if not told:
        raise CairnError("No strategy hour was held yet, so there are no minutes.\nThe page Strategy hour begins one.")
    sys.stdout.write(hour.minutes(told[0], journal().versions(), team().name, team().timezone))


def _silence(chosen: Metric, points: "pd.DataFrame") -> str | None:
    """Return why there is no number, and what to do about it; None when there is one."""
    if points["value"].notna().any():
        return None
    if told := missing(chosen):
        return told
    if chosen.private:
        return privacy.WHY
    if points["of"].sum():
        return f"Not enough yet: fewer than {chosen.minimum} with a value in each period. Ask for longer ones with --every month."
    return "Nothing of the kind was found. 'python -m collectors check' shows what each rule of team.toml matches."


def _asked(chosen: Metric, **asked: str | None) -> dict[str, Any]:
    """Return what was asked for. Raises CairnError for an area or a kind that no row has."""
    for column in ("area", "kind"):
        if asked[column] is not None:
            known(asked[column], set(rows(chosen)[column]), f"{column} in {chosen.name}")
    return asked


@contextlib.contextmanager
def _seen(as_of: str | None) -> Iterator[None]:
    """Let what is asked within go to the edition that people saw at the end of a day, and say which that is."""
    day = _day(as_of)
    if day is None:
        yield
        return
    end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(team().timezone))
    found = data.as_of(end.astimezone(UTC).replace(tzinfo=None))
    sys.stderr.write(f"As of {day}: edition {found.name}, the newest that the lake keeps from then or before.\n")
    with data.asking(found):
        yield


def _edition() -> str | None:
    found = data.asked()
    return found and found.name


def _print(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer, indent=1, ensure_ascii=False, default=instant, allow_nan=False) + "\n")


def _table(frame: "pd.DataFrame", empty: str) -> None:
    """Print a frame as plain text; a title from outside must not move the terminal's cursor."""
    told = frame.astype(object).where(frame.notna(), "-")
    told = told.map(lambda value: "".join(c if c.isprintable() else " " for c in str(value)))
    sys.stdout.write((told.to_string(index=False) if len(told) else empty) + "\n")


def run() -> None:
    """Run the commands; an error for people ends with exit code 2 and never with a traceback."""
    try:
        main()
    except CairnError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    run()
