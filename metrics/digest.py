"""The digest: what moved, by how much, where it comes from, what was near, the question, and one line about the rest.

Text from outside (titles, names of areas) is data in it and never markup: in Markdown it stands in code spans, in HTML it is
escaped, and the only links lead to the team's own dashboard.
"""

import html
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pandas as pd

from data import CairnError, asking, edition, team
from metrics import METRICS, signals
from metrics.contribution import By, contribution, ways
from metrics.metric import Metric, complete_to, known
from metrics.near import around, near, nearest
from metrics.questions import questions
from metrics.signals import Signal, Watch
from metrics.usual import WEEK
from metrics.words import amount, capital, day, full_day, instant, number, records, two_figures, unit

DASHBOARD = "http://127.0.0.1:8501"
KINDS = {"shift": "Moved", "unusual": "Unusual week", "look": "Worth a look"}  # in the order they are told
LOOKS = 4  # false looks a year for each false signal, by the thresholds of metrics/signals.py
SHOWN = 3  # parts told by name; the others are told together, so that a line still adds up
LONGEST = 120  # letters of a text from outside
REACH = {
    "12 weeks": 8,
    "6 months": 22,
    "12 months": 48,
}  # the pages' ranges, and the weeks back at which each still shows a start


@dataclass(frozen=True)
class Moved:
    """One signal and everything a conversation about it begins with."""

    metric: Metric
    watch: Watch
    signal: Signal
    where: dict[By, pd.DataFrame]  # contributions, by the ways of splitting that have more than one part
    near: pd.DataFrame
    more: int  # what was near and is not told
    questions: tuple[str, ...]
    link: str


@dataclass(frozen=True)
class Digest:
    """What moved, and how many charts were watched for it."""

    team: str
    edition: str | None
    complete_to: datetime | None  # zone-less UTC
    since: date | None
    watched: int
    too_few: int
    false_a_year: float  # signals on charts where nothing happens
    moved: tuple[Moved, ...]


@asking()
def digest(since: date | None = None, metrics: tuple[Metric, ...] = METRICS) -> Digest:
    """Return what moved: every signal there is now, or those first told in a week that ends after `since`.

    Raises NeverCollectedError when there is no edition, CairnError when CAIRN_URL is no address.
    """
    watches = signals.watches(metrics)
    named = {one.name: one for one in metrics}
    new = [watch for watch in watches if watch.signal and (since is None or first_told(watch) > since)]
    told = [watch for kind in KINDS for watch in new if watch.signal and watch.signal.kind == kind]
    needs = {one.needs: one for one in metrics}
    read = [complete_to(one) for one in needs.values()]
    found = edition()
    return Digest(
        team=team().name,
        edition=found and found.name,
        complete_to=min((one for one in read if one), default=None),
        since=since,
        watched=sum(watch.baseline is not None for watch in watches),
        too_few=sum(watch.baseline is None for watch in watches),
        false_a_year=signals.expected_false(watches),
        moved=tuple(moved(named[watch.metric], watch) for watch in told),
    )


def moved(metric: Metric, watch: Watch) -> Moved:
    """Return the story of one signal. Raises ValueError for a watch without one."""
    signal = watch.signal
    if signal is None:
        raise ValueError("nothing moved here")
    parts = where(metric, watch)
    areas = set(parts["area"]["part"][:SHOWN]) if "area" in parts else {signal.slice}
    kept, more = nearest(near(*around(signal.since)), signal.since, areas)
    return Moved(metric, watch, signal, parts, kept, more, questions(metric, watch, parts), link(metric, signal))


def where(metric: Metric, watch: Watch) -> dict[By, pd.DataFrame]:
    """Return where a signal comes from, by every way of splitting that has more than one part.

    What came since is held against the baseline; of what wanders, its last week against the one before it set off. Nothing for a
    metric about people: small groups could be told from the parts.
    """
    signal, baseline = watch.signal, watch.baseline
    if signal is None or baseline is None or metric.private:
        return {}
    special = {mark.starts for mark in watch.marks if mark.special}
    before, after = (baseline.since, baseline.until), (signal.since, signal.until)
    if baseline.transform.startswith(signals.CHANGE):
        before, after, special = (signal.since - WEEK, signal.since), (signal.until - WEEK, signal.until), set()
    area = None if signal.slice == "all" else signal.slice
    told: dict[By, pd.DataFrame] = {}
    for by in ways(metric):
        parts = contribution(metric, before, after, by, area=area, without=special)
        if len(parts) > 1:
            told[by] = parts
    return told


def first_told(watch: Watch) -> date:
    """Return the end of the week in which what a watch says now was said first, without a break since."""
    if watch.signal is None:
        raise ValueError("nothing moved here")
    kind = watch.signal.kind
    told = watch.signal.until
    for mark in sorted(watch.marks, key=lambda one: one.starts, reverse=True):
        said = (
            mark.unusual if kind == "unusual" else mark.level == "signal" or (kind == "look" and mark.level == "look")
        )
        if not (said or mark.special or mark.value is None):
            break
        told = mark.starts + WEEK if said else told
    return told


def link(metric: Metric, signal: Signal) -> str:
    """Return the address of the dashboard's page Explore that shows a signal. Raises CairnError when CAIRN_URL is no address."""
    weeks = (signal.until - signal.since) // WEEK
    reach = next((name for name, back in REACH.items() if weeks <= back), "All")
    shown = {"metric": metric.title, "every": "week", "range": reach, "period": full_day(signal.since)}
    if signal.slice != "all" and len(signal.slice) <= LONGEST:
        shown["area"] = signal.slice
    return f"{dashboard()}/explore?{urlencode(shown, quote_via=quote)}"


def dashboard() -> str:
    """Return where the dashboard is: CAIRN_URL, or this machine. Raises CairnError when it is no address."""
    told = os.environ.get("CAIRN_URL") or DASHBOARD
    parts = urlsplit(told)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.netloc
        or not told.isascii()
        or set(told) & set(" \"'<>()[]`\\?#\n")
    ):
        raise CairnError(
            f"CAIRN_URL is '{told}', which is no address of a dashboard.\nWrite it like https://cairn.example.org; nothing was sent."
        )
    return told.rstrip("/")


# What is said, the same in every format


def headline(one: Moved) -> str:
    """Return what moved and by how much, as a range."""
    metric, signal = one.metric, one.signal
    when, middle = f"the week of {day(signal.since)}", number(signal.before, metric)
    now = f"{number(signal.after, metric)}{unit(metric)}"
    each = " a week" if metric.fold in {"count", "sum"} else ""
    if signal.kind == "unusual":
        return f"{metric.title}: {now} in {when}, usually about {middle}."
    begun = "moved" if signal.kind == "shift" else "may have begun to move"
    return (
        f"{metric.title} {begun} in {when}: about {middle} before, about {now}{each} since, a change of {change(one)}."
    )


def change(one: Moved) -> str:
    """Return the range of a change, with signs: +2.1 to +4.4 days."""
    low, high = _signed(one.signal.low, one.metric), _signed(one.signal.high, one.metric)
    return f"{low} to {high}{_unit(one.metric)}"


def _signed(value: float, metric: Metric) -> str:
    told = two_figures(abs(value) * (100 if metric.fold == "share" else 1))
    return f"{'-' if value < 0 and told != '0' else '+'}{told}"


def _unit(metric: Metric) -> str:
    return " percentage points" if metric.fold == "share" else unit(metric)


def carried(metric: Metric, by: By, parts: pd.DataFrame) -> tuple[str, list[tuple[str, str]]]:
    """Return the words before the parts, and each part that is told with what it carries; they add up to the whole."""
    whole = _signed(parts["change"].sum(), metric) + _unit(metric)
    of = (
        "of the mean"
        if by == "phase"
        else {"median": "of the median of all rows", "share": "of the share"}.get(metric.fold, "a week")
    )
    return f"By {by}, {whole} {of}", [(part, _signed(value, metric)) for part, value in largest(parts)]


def largest(parts: pd.DataFrame, shown: int = SHOWN) -> list[tuple[str, float]]:
    """Return the parts that are told by name, the others as one, each with what it carries: they add up to the whole."""
    told = list(zip(parts["part"][:shown], parts["change"][:shown], strict=True))
    if len(parts) > shown:
        told.append((amount(len(parts) - shown, "other"), parts["change"][shown:].sum()))
    return told


def rest(one: Digest) -> str:
    """Return the line about everything else, and how often such a digest is wrong."""
    since = f" since {full_day(one.since)}" if one.since else ""
    quiet = f"Nothing {'else ' if one.moved else ''}moved{since}."
    if not one.watched:
        return f"{quiet} No chart has enough weeks yet to say what is usual."
    false, looks = (two_figures(one.false_a_year * times) for times in (1, LOOKS))
    told = f"{quiet} {capital(amount(one.watched, 'chart'))} watched: chance alone makes about {false} of them a year look moved"
    told += f", and about {looks} worth a look."
    return told + (f" {capital(amount(one.too_few, 'chart'))} cannot say yet what is usual." if one.too_few else "")


def fresh(one: Digest) -> str:
    """Return how fresh it is."""
    if one.complete_to is None:
        return "Never completely collected yet."
    return f"Complete to {one.complete_to:%Y-%m-%d %H:%M} UTC."


def plain(value: object) -> str:
    """Return a text from outside on one line, without what moves a cursor, hides letters or turns them round; cut if long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return (line if len(line) <= LONGEST else line[: LONGEST - 1] + "…") or "(no title)"


# Plain text


def as_text(one: Digest) -> str:
    """Return the digest as plain text for a terminal."""
    lines = []
    for it in one.moved:
        sliced = "" if it.signal.slice == "all" else f" in {plain(it.signal.slice)}"
        lines.append(f"{KINDS[it.signal.kind]}{sliced}: {headline(it)}")
        for by, parts in it.where.items():
            words, told = carried(it.metric, by, parts)
            lines.append(f"  {words}: " + ", ".join(f"{plain(part)} {value}" for part, value in told))
        lines += [f"  {day(at)}: {plain(what)}{f' ({plain(area)})' if area else ''}" for at, what, area in _near(it)]
        lines += [f"  and {it.more} more nearby"] if it.more else []
        lines += [*[f"  {question}" for question in it.questions], f"  {it.link}", ""]
    return "\n".join([*lines, rest(one), fresh(one)]) + "\n"


# Markdown


def as_md(one: Digest) -> str:
    """Return the digest as Markdown for a chat: text from outside stands in code spans, where nothing is a link or a picture."""
    lines = [f"# What moved: {_code(one.team)}", ""]
    for it in one.moved:
        sliced = "" if it.signal.slice == "all" else f" in {_code(it.signal.slice)}"
        lines += [f"## {KINDS[it.signal.kind]}: {it.metric.title}{sliced}", "", headline(it), ""]
        for by, parts in it.where.items():
            words, told = carried(it.metric, by, parts)
            lines.append(f"- {words}: " + ", ".join(f"{_code(part)} {value}" for part, value in told))
        lines += [f"- {day(at)}: {_code(what)}{f' ({_code(area)})' if area else ''}" for at, what, area in _near(it)]
        lines += [f"- and {it.more} more nearby"] if it.more else []
        lines += ["", *[f"> {question}" for question in it.questions], "", f"[Open on the dashboard]({it.link})", ""]
    return "\n".join([*lines, rest(one), "", fresh(one)]) + "\n"


def _code(value: object) -> str:
    return f"`{plain(value).replace('`', chr(39))}`"


def _near(it: Moved) -> Iterable[tuple[date, str, str | None]]:
    return it.near[["at", "what", "area"]].itertuples(index=False, name=None)


# HTML


def as_html(one: Digest) -> str:
    """Return the digest as one HTML page fit for mail: no script, no picture, no style from elsewhere, all text escaped."""
    title = f"What moved: {_safe(one.team)}"
    body = [f'<h1 style="font-size:22px;margin:0 0 16px">{title}</h1>']
    for it in one.moved:
        sliced = "" if it.signal.slice == "all" else f" in {_safe(it.signal.slice)}"
        body.append(f'<h2 style="font-size:18px;margin:24px 0 4px">{html.escape(it.metric.title)}{sliced}</h2>')
        body.append(f'<p style="margin:0 0 8px"><b>{KINDS[it.signal.kind]}.</b> {html.escape(headline(it))}</p>')
        points = []
        for by, parts in it.where.items():
            words, told = carried(it.metric, by, parts)
            points.append(f"{words}: " + ", ".join(f"{_safe(part)}&nbsp;{value}" for part, value in told))
        points += [f"{day(at)}: {_safe(what)}{f' ({_safe(area)})' if area else ''}" for at, what, area in _near(it)]
        points += [f"and {it.more} more nearby"] if it.more else []
        body.append(
            '<ul style="margin:0 0 8px;padding-left:20px">' + "".join(f"<li>{point}</li>" for point in points) + "</ul>"
        )
        body += [f'<p style="margin:0 0 8px"><b>{html.escape(question)}</b></p>' for question in it.questions]
        body.append(
            f'<p style="margin:0"><a style="color:#1B4F9C" href="{html.escape(it.link)}">Open on the dashboard</a></p>'
        )
    body.append(f'<p style="color:#4A5763;margin:24px 0 0">{html.escape(rest(one))} {fresh(one)}</p>')
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(plain(one.team))}: what moved</title></head>\n'
        '<body style="margin:0;background:#FFFFFF"><div style="max-width:640px;margin:0 auto;padding:16px;color:#17212B;'
        'font:16px/1.45 Arial,sans-serif">\n' + "\n".join(body) + "\n</div></body></html>\n"
    )


def _safe(value: object) -> str:
    return f"<bdi>{html.escape(plain(value))}</bdi>"


# JSON


def record(one: Digest) -> dict[str, Any]:
    """Return the digest for scripts; its shape is told in `metrics/__main__.py`."""
    return {
        "team": one.team,
        "edition": one.edition,
        "complete_to": one.complete_to,
        "since": one.since,
        "watched": one.watched,
        "too_few": one.too_few,
        "false_a_year": one.false_a_year,
        "moved": [record_of(it) for it in one.moved],
        "rest": rest(one),
    }


def record_of(it: Moved) -> dict[str, Any]:
    """Return one signal for scripts: the signal, where it comes from, what was near, the questions, the link."""
    return {
        **asdict(it.signal),
        "title": it.metric.title,
        "unit": it.metric.unit,
        "said": headline(it),
        "where": {by: records(parts) for by, parts in it.where.items()},
        "near": records(it.near),
        "near_more": it.more,
        "questions": list(it.questions),
        "link": it.link,
    }


def as_json(one: Digest) -> str:
    """Return the digest as JSON."""
    return json.dumps(record(one), indent=1, ensure_ascii=False, default=instant, allow_nan=False) + "\n"


FORMATS = {"md": as_md, "html": as_html, "json": as_json}


def written(one: Digest, form: str) -> str:
    """Return the digest in one of FORMATS. Raises CairnError that names them."""
    return FORMATS[known(form, FORMATS, "format")](one)
