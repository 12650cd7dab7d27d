"""What pages read: frames from metrics and data, kept under the name of the edition that is asked, the newest or one of the past."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

import data
import data.areas
import data.health
import data.rules
import metrics
import metrics.search
from data import journal, kinds, open_file
from data.editions import newest_of_all
from metrics import METRICS, Metric, Usual, digest, outcomes, share, signals
from metrics import change as changes
from metrics import facets as counted
from metrics import near as nearby
from metrics import noted as notes
from metrics import stones as paths
from metrics import story as stories
from metrics.contribution import By as Part
from metrics.contribution import ways
from metrics.metric import Areas
from metrics.noted import Noted
from metrics.signals import Watch
from metrics.stones import Stone
from metrics.usual import limits, most, stretches
from pages.words import Frame, period

EVERY = ("week", "month", "quarter")
REACH = {
    "6 weeks": pd.DateOffset(weeks=6),
    "12 weeks": pd.DateOffset(weeks=12),
    "6 months": pd.DateOffset(months=6),
    "12 months": pd.DateOffset(months=12),
    "All": None,
}
USUAL, CUSTOM = "12 weeks", "Custom"  # what is shown unless asked otherwise; days that somebody chooses
BACK = {"week": 52, "month": 12, "quarter": 4}  # periods in a year: weeks are held against the same weekday a year ago
PREVIOUS, LAST_YEAR = "previous period", "same period last year"
By = Literal["area", "kind"]
Period = tuple[date, date]  # the day it starts, and the day after its last
Reach = str | Period  # one of REACH, counted back from the newest, or days that somebody chose
THIS_WEEK = (  # the same charts in the same places every week: customers, then what reaches them, then how the work flows
    "bugs_opened",
    "escaped_bugs",
    "age_of_open_bugs",
    "requests",
    "deployment_frequency",
    "change_lead_time",
    "change_fail_rate",
    "throughput",
)
PAST = frozenset(  # the pages that can be shown as on another day: those that neither write nor lead a conversation
    ("", "this_week", "outcomes", "flow", "knowledge", "explore", "item", "health")
)
MOST = 6  # signals told in full; the first sentence names more
LISTED = 500  # parts of the system of one depth that are listed; Drill has all
NEXT = 3  # parts named as what to share next


@dataclass(frozen=True)
class View:
    """What is looked at. All of it is in the link."""

    metric: Metric
    every: str = "week"
    reach: Reach = USUAL
    area: Areas | None = None  # one, or all those of a team
    kind: str | None = None
    by: By | None = None
    team: str | None = None  # what was chosen over the page: a team or area of team.toml
    compare: str | None = None

    def link(self, **more: str | None) -> dict[str, str]:
        """Return the query parameters that open this view on the page Explore."""
        chosen = None if isinstance(self.reach, str) else self.reach
        named = {
            "metric": self.metric.title,
            "every": self.every,
            "range": CUSTOM if chosen else str(self.reach),
            "first": chosen and f"{chosen[0]}",
            "last": chosen and f"{chosen[1] - timedelta(days=1)}",
            "slice": self.by,
            "area": self.area if isinstance(self.area, str) else None,
            "kind": self.kind,
            "team": self.team,
            "compare": self.compare,
            **day_in_link(),
            **more,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Depths:
    """Parts of the system by depth: how many, the first LISTED of each by name, how many are too new, and what to share next."""

    count: dict[str, int]
    first: dict[str, Frame]
    left_out: int
    to_share: tuple[share.Part, ...]


@st.cache_data(max_entries=256, show_spinner=False)
def _trend(edition: str, view: View) -> pd.DataFrame:
    del edition  # it is here to be part of the key
    return metrics.trend(view.metric, view.every, area=view.area, kind=view.kind, by=view.by)


@st.cache_data(max_entries=2, show_spinner=False)
def schema(edition: str) -> pd.DataFrame:
    """Return what can be asked of an edition in SQL, see data.open_file.schema."""
    del edition
    return open_file.schema(newest_of_all())


@st.cache_data(max_entries=128, show_spinner=False)
def _parts(edition: str, metric: Metric, every: str, since: date, until: date) -> pd.DataFrame:
    del edition
    return metrics.parts(metric, since, until, every)


@st.cache_data(max_entries=64, show_spinner=False)
def _behind(edition: str, view: View, starts: date) -> pd.DataFrame:
    del edition
    return metrics.behind(view.metric, starts, view.every, area=view.area, kind=view.kind)


@st.cache_data(max_entries=8, show_spinner=False)
def _whole(edition: str, view: View, since: date, until: date) -> pd.DataFrame:
    del edition
    asked = {"area": view.area, "kind": view.kind}
    return metrics.rows(view.metric, every=view.every, since=since, until=until, **asked)


@st.cache_data(max_entries=64, show_spinner=False)
def _change(edition: str, view: View, before: Period, after: Period, by: Part) -> pd.DataFrame:
    del edition
    return changes.change(view.metric, before, after, by, view.every, area=view.area, kind=view.kind)


@st.cache_data(max_entries=64, show_spinner=False)
def _story(edition: str, id_: str) -> tuple[stories.Story, ...]:
    del edition
    return tuple(filter(None, [stories.story(id_)]))


@st.cache_data(max_entries=16, show_spinner=False)
def _near(edition: str, last: int, since: date, until: date) -> pd.DataFrame:
    del edition, last
    return nearby.near(since, until)


@st.cache_data(max_entries=64, show_spinner=False)
def _stones(edition: str, named: str) -> tuple[Stone, ...]:
    del edition
    return tuple(paths.stones(named))


@st.cache_data(max_entries=64, show_spinner=False)
def _complete(edition: str, metric: Metric) -> datetime | None:
    del edition
    return metrics.complete_to(metric)


@st.cache_data(max_entries=128, show_spinner=False)
def _lacks(edition: str, metric: Metric) -> str | None:
    del edition
    return metrics.missing(metric) or metrics.incomplete(metric)


@st.cache_data(max_entries=4, show_spinner="Holding every chart against what is usual for it")
def _watches(edition: str) -> tuple[Watch, ...]:
    del edition
    return tuple(signals.watches())


@st.cache_data(max_entries=4, show_spinner=False)
def _latest(edition: str) -> tuple[Watch, ...]:
    """Return what the engine says of every metric with the newest mark alone: a copy with all of them takes 10 ms."""
    return tuple(replace(one, marks=one.marks[-1:]) for one in _watches(edition))


@st.cache_data(max_entries=256, show_spinner=False)
def _watch(edition: str, metric: str) -> Watch:
    return next(one for one in _watches(edition) if one.metric == metric)


@st.cache_data(max_entries=64, show_spinner=False)
def _watch_team(edition: str, view: View) -> Watch:
    return signals.watch(view.metric, _trend(edition, view))


@st.cache_data(max_entries=64, show_spinner=False)
def _sliced(edition: str, metric: Metric, by: By) -> dict[str, Watch]:
    del edition
    return {one.slice: one for one in signals.watches([metric], by)}


@st.cache_data(max_entries=32, show_spinner=False)
def _moved(edition: str, written: int, metric: str) -> digest.Moved:
    del written  # what was near changes with what people write
    with data.asking():
        return digest.moved(metrics.metric(metric), _watch(edition, metric))


@st.cache_data(max_entries=4, show_spinner=False)
def _entries(edition: str, last: int) -> list[journal.Entry]:
    del edition  # the team's and the sandbox's editions have a journal each
    return journal.journal().entries() if last else []


@st.cache_data(max_entries=4, show_spinner=False)
def _written(edition: str, last: int) -> tuple[Noted, ...]:
    return notes.written(_entries(edition, last))


@st.cache_data(max_entries=32, show_spinner=False)
def _by_itself(edition: str, since: date, until: date) -> tuple[Noted, ...]:
    del edition
    try:
        return notes.by_itself(since, until)
    except data.OlderError:  # the chart is there without
        return ()


@st.cache_data(max_entries=64, show_spinner="Working out what each Workflow gave back")
def _outcome(edition: str, workflow: str, since: date, until: date) -> tuple[outcomes.Reclaimed, outcomes.Friction]:
    del edition
    return outcomes.reclaimed(workflow, since, until), outcomes.friction(workflow, since, until)


@st.cache_data(max_entries=16, show_spinner=False)
def _toil(edition: str, since: date, until: date) -> outcomes.Toil:
    del edition
    return outcomes.toil(since, until)


@st.cache_data(max_entries=64, show_spinner=False)
def _things(edition: str, typed: str) -> pd.DataFrame:
    del edition
    return metrics.search.things(typed)


@st.cache_data(max_entries=16, show_spinner=False)
def _health(edition: str, what: str) -> pd.DataFrame:
    del edition
    asked = {
        "complete": data.health.complete,
        "streams": data.health.streams,
        "unfinished": data.health.unfinished,
        "syncs": data.health.syncs,
        "rules": lambda: data.rules.matches(data.query),
    }
    return asked[what]()


def here(metric: Metric, every: str = "week") -> View:
    """Return the view of a metric that the pickers over the page ask for."""
    team, compare = (st.session_state.get(name) for name in ("team", "compare"))
    asked = View(metric, every, reach(), team=team, compare=compare)
    return replace(asked, area=_of_team(edition(), metric, team) if team else None)


def reach() -> Reach:
    """Return the range that is chosen over the page; the usual one as long as of two days one is missing."""
    named, first, last = (st.session_state.get(name) for name in ("range", "first", "last"))
    if named != CUSTOM:
        return named or USUAL
    return (min(first, last), max(first, last) + timedelta(days=1)) if first and last else USUAL


def seen() -> date | None:
    """Return the day as on which the page is shown, None where it is shown as it is now."""
    return st.session_state.get("seen") if st.session_state.get("here") in PAST else None


def day_in_link() -> dict[str, str]:
    """Return the query parameter that opens another page as on the same day, none where this one is shown as it is now."""
    return {"seen": f"{day}"} if (day := seen()) else {}


def until() -> datetime:
    """Return the end of the day as on which the page is shown, or now, in zone-less UTC."""
    now, day = datetime.now(UTC), seen()
    end = day and datetime.combine(day + timedelta(days=1), time(), ZoneInfo(data.team().timezone))
    return min(end or now, now).astimezone(UTC).replace(tzinfo=None)


def _of_team(edition: str, metric: Metric, team: str) -> tuple[str, ...] | None:
    """Return the metric's areas that belong to a team or area of team.toml; None where it is not split by them."""
    choices = data.areas.choices(data.team())
    there = [] if metric.private else names(edition, View(metric), "area")
    if team not in choices or not data.areas.belonging(sum(choices.values(), ()), there):
        return None
    return data.areas.belonging(choices[team], there)


def edition() -> str:
    """Return the name of the edition that is asked: the key of all that is kept here. Raises NeverCollectedError without one."""
    found = data.asked()
    if found is None:
        raise data.NeverCollectedError("Nothing has been collected yet.\nRun 'make run', then load this page again.")
    return found.name


def history(edition: str, view: View) -> Frame:
    """Return every complete period there is for a view, oldest first: starts, ends, value, n, of, and slice."""
    return _trend(edition, replace(_key(view), by=view.by))


def _key(view: View) -> View:
    """Return a view without what does not change its rows: one entry serves every range and comparison."""
    return replace(view, reach="All", by=None, team=None, compare=None)


def complete_to(edition: str, metric: Metric) -> datetime | None:
    """Return the time, zone-less UTC, up to which all the metric needs has been read; None if something never was."""
    return _complete(edition, metric)


def lacks(edition: str, metric: Metric) -> str | None:
    """Return what a metric lacks, a source or a part of one, and what to do about it; None when it has all."""
    return _lacks(edition, metric)


def usuals(metric: Metric, history: Frame) -> list[Usual]:
    """Return the usual ranges that one slice's points have had, oldest first; the last one is in force."""
    return [found for one in stretches(metric, history) if (found := limits(one, most(metric)))]


def watches(edition: str) -> list[tuple[Metric, Watch]]:
    """Return every metric with what the signal engine says of it now, in their order; of its marks it has the newest."""
    return list(zip(METRICS, _latest(edition), strict=True))


def whole_watches(edition: str) -> tuple[Watch, ...]:
    """Return what the engine says of every metric in all weeks."""
    return _watches(edition)


def watch(edition: str, view: View) -> Watch | None:
    """Return what the engine says of one line, None where it does not look: it reads weeks, whole or of one area or kind."""
    if view.every != "week" or (view.area is not None and view.kind):
        return None
    if isinstance(view.area, tuple):
        return _watch_team(edition, _key(view))
    if not (view.area or view.kind):
        return _watch(edition, view.metric.name)
    found = {} if view.metric.private else _sliced(edition, view.metric, "area" if view.area else "kind")
    return found.get(view.area or view.kind or "")


def sliced_watches(edition: str, view: View) -> dict[str, Watch]:
    """Return what the engine says of each panel of a view, nothing where it does not look."""
    if view.every != "week" or view.kind or view.by is None or view.metric.private:
        return {}
    if view.area is not None and (view.by == "kind" or isinstance(view.area, str)):
        return {}
    return _sliced(edition, view.metric, view.by)


def moving(edition: str) -> list[Watch]:
    """Return what has a signal now, at most MOST: signals first, then unusual weeks, then looks."""
    now = _latest(edition)
    found = [one.metric for kind in digest.KINDS for one in now if one.signal and one.signal.kind == kind]
    return [_watch(edition, name) for name in found[:MOST]]


def entries() -> list[journal.Entry]:
    """Return what the journal holds now, the newest first; nothing before there is one."""
    return _entries(edition(), _last())


def due() -> list[journal.Entry]:
    """Return the entries of the journal that wait to be looked at today."""
    return kinds.due(entries(), today())


def today() -> date:
    """Return the day it is for the team."""
    return datetime.now(ZoneInfo(data.team().timezone)).date()


def written_lately() -> list[journal.Entry]:
    """Return what was written into the journal in the last seven days, the newest first."""
    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=7)
    return [one for one in entries() if one.at >= since and one.kind in kinds.BY_NAME.keys() - kinds.LINES]


def moved(edition: str, watches: Iterable[Watch]) -> Iterator[digest.Moved]:
    """Yield the story of each signal, when it is asked for. One takes half a second the first time."""
    last = _last()
    return (_moved(edition, last, one.metric) for one in watches)


def _last() -> int:
    """Return a number that changes with whatever is written into the journal."""
    return journal.journal().last() if journal.begun() else 0


def written(edition: str) -> tuple[Noted, ...]:
    """Return what people wrote down about days, to be drawn on every chart. A page asks once."""
    return _written(edition, _last())


def noted(edition: str, view: View, points: Frame, written: tuple[Noted, ...]) -> list[Noted]:
    """Return what was noted in the time some points cover, about the areas of a view, what people wrote first."""
    areas = [view.area] if isinstance(view.area, str) else view.area or ()
    return notes.of(between(edition, points["starts"].min(), points["ends"].max(), written), areas)


def between(edition: str, since: date, until: date, written: tuple[Noted, ...] | None = None) -> list[Noted]:
    """Return what was noted from one day up to another (excluded): what people wrote, then what happened by itself."""
    told = _written(edition, _last()) if written is None else written
    return [one for one in told if one.since < until and one.until >= since] + list(_by_itself(edition, since, until))


def near(edition: str, since: date, until: date) -> Frame:
    """Return what happened and what people wrote from one day up to another (excluded), deployments by day, the oldest first."""
    return _near(edition, _last(), since, until)


def there(edition: str, workflow: str, reach: Reach) -> tuple[date, date] | None:
    """Return the weeks of a range in which a Workflow ran: the first day, and the day after the last."""
    view = View(metrics.metric("workflow_runs"), area=workflow)
    seen = within(history(edition, view), reach).dropna(subset="value")
    return None if seen.empty else (seen["starts"].min(), seen["ends"].max())


def outcome(edition: str, workflow: str, since: date, until: date) -> tuple[outcomes.Reclaimed, outcomes.Friction]:
    """Return what a Workflow gave back from one day up to another (excluded), and how it went."""
    return _outcome(edition, workflow, since, until)


def toil(edition: str, since: date, until: date) -> outcomes.Toil:
    """Return the hours of toil finished from one day up to another (excluded)."""
    return _toil(edition, since, until)


def search(edition: str, typed: str) -> tuple[list[Metric], Frame]:
    """Return the metrics that words find, and the components, issues and pull requests: kind, what, url."""
    return metrics.search.named(typed), _things(edition, typed)


def behind(edition: str, view: View, starts: date) -> Frame:
    """Return exactly the rows behind one mark of a view."""
    return _behind(edition, _key(view), starts)


def whole(edition: str, view: View) -> Frame:
    """Return the rows of all the periods in sight."""
    return _whole(edition, _key(view), *days(edition, view))


def days(edition: str, view: View) -> Period:
    """Return the day the first period in sight starts, and the day after the last one's last."""
    points = within(history(edition, view), view.reach)
    if points.empty and not isinstance(view.reach, str):
        return view.reach
    return points["starts"].min(), points["ends"].max()


def searched(rows: Frame, text: str) -> Frame:
    """Return the rows that hold the text in what they are, their area or their kind, capitals or not."""
    if not text:
        return rows
    holds = [rows[name].fillna("").str.contains(text, case=False, regex=False) for name in ("what", "area", "kind")]
    return rows[holds[0] | holds[1] | holds[2]]


def facets(edition: str, view: View, by: By) -> Frame:
    """Return how many rows in sight each area or kind has under the other filter: name and rows, the most first."""
    of_team = _of_team(edition, view.metric, view.team) if view.team else None
    parts, areas = _in_sight(edition, view), view.area if by == "kind" else of_team
    if areas is not None:
        parts = parts[parts["area"].isin([areas] if isinstance(areas, str) else areas)]
    if by == "area" and view.kind is not None:
        parts = parts[parts["kind"] == view.kind]
    return counted.facets(parts, by)


def _in_sight(edition: str, view: View) -> Frame:
    """Return every area and kind with its rows in sight, whatever is filtered: one question answers all that Drill offers."""
    every = history(edition, View(view.metric, view.every))
    if every.empty:
        return pd.DataFrame({"area": [], "kind": [], "rows": []})
    points = within(every, view.reach)
    since, until = (every["ends"].max(),) * 2 if points.empty else counted.in_sight(view.metric, points)
    return _parts(edition, view.metric, view.every, since, until)


def made_of(rows: Frame, by: By) -> list[tuple[str, int]]:
    """Return how many of some rows each area or kind has, the most first, at most MOST of them by name."""
    counted = rows[by].value_counts()
    told = [(str(name), int(n)) for name, n in counted[:MOST].items()]
    return told + ([(f"{len(counted) - MOST} more", int(counted[MOST:].sum()))] if len(counted) > MOST else [])


def point(edition: str, view: View, starts: date) -> Frame | None:
    """Return the point of one period of a view as a row: value, low, high, p85, n, of; None where there is none."""
    points = history(edition, replace(view, by=None))
    found = points[points["starts"] == starts]
    return None if found.empty else found.iloc[0]


def ends(edition: str, view: View, starts: date) -> date:
    """Return the day after the last day of a period."""
    points = history(edition, replace(view, by=None))
    return points.loc[points["starts"] == starts, "ends"].iloc[0]


def before(edition: str, view: View, starts: date) -> date | None:
    """Return the day the period before this one starts, None where it is the first."""
    earlier = [day for day in history(edition, replace(view, by=None))["starts"] if day < starts]
    return max(earlier, default=None)


def change(edition: str, view: View, earlier: date, later: date) -> dict[Part, Frame]:
    """Return what each area, kind and phase carries of the way from one mark of a view to another."""
    sides = tuple((starts, ends(edition, view, starts)) for starts in (earlier, later))
    return {by: _change(edition, _key(view), sides[0], sides[1], by) for by in ways(view.metric)}


def story(edition: str, id_: str) -> stories.Story | None:
    """Return the life of one pull request or issue, None if there is none of that id."""
    return next(iter(_story(edition, id_)), None)


def stones(edition: str, named: str) -> tuple[Stone, ...]:
    """Return the stones that a line of words names, each with its state as its source last told it."""
    return _stones(edition, named)


def item(url: str) -> str | None:
    """Return the id of the pull request or issue at an address, None if it has no page of its own."""
    return stories.found(url)


def health(edition: str, what: str) -> Frame:
    """Return an answer about the sources: complete, streams, unfinished, syncs or rules, as the data room says them."""
    return _health(edition, what)


def within(points: Frame, reach: Reach) -> Frame:
    """Return the periods of the chosen range: counted back from the end of the last complete one, or with a chosen day in them."""
    back = REACH[reach] if isinstance(reach, str) else None
    if points.empty or reach == "All":
        return points
    if not isinstance(reach, str):
        return points[(points["ends"] > reach[0]) & (points["starts"] < reach[1])]
    return points[points["starts"] >= (points["ends"].max() - back).date()]


def earlier(history: Frame, points: Frame, view: View) -> Frame | None:
    """Return one slice's points of the time a view is compared with, each beside the period it is held against.

    starts: the period of `points`; was: the earlier period's own first day; value. None where there is nothing to compare.
    """
    if view.compare is None or points.empty:
        return None
    back = len(points) if view.compare == PREVIOUS else BACK[view.every]
    shifted = history.assign(was=history["starts"].shift(back), value=history["value"].shift(back))
    found = shifted[shifted["starts"].isin(points["starts"]) & shifted["was"].notna()][["starts", "was", "value"]]
    return None if found["value"].isna().all() else found


def recent(rows: Frame, column: str, reach: Reach) -> Frame:
    """Return the rows whose time in `column` (zone-less UTC) lies in the chosen range, counted back from now, or the day shown."""
    if not isinstance(reach, str):
        on = local(rows, column)[column].dt.date
        return rows[(on >= reach[0]) & (on < reach[1])]
    back = REACH[reach]
    return rows if back is None else rows[rows[column] >= pd.Timestamp(until()) - back]


def local(rows: Frame, *columns: str) -> Frame:
    """Return the rows with the zone-less UTC times of some columns as the team's clock shows them."""
    zone = data.team().timezone
    times = {name: pd.to_datetime(rows[name]).dt.tz_localize("UTC").dt.tz_convert(zone) for name in columns}
    return rows.assign(**{name: column.dt.tz_localize(None) for name, column in times.items()})


def names(edition: str, view: View, by: By) -> list[str]:
    """Return the areas or kinds a metric has rows for, in the order of the alphabet."""
    if not view.metric.private:
        return sorted(_in_sight(edition, view)[by].unique())
    if by == "kind":
        return []  # told as a whole or by area alone
    return sorted(history(edition, View(view.metric, by="area"))["slice"].unique())


def slices(points: Frame) -> dict[str, Frame]:
    """Return the points of each slice under its name, in the order of the alphabet: nothing is ranked."""
    return dict(sorted(points.groupby("slice"), key=lambda pair: pair[0].lower()))


def periods(edition: str, view: View) -> dict[str, date]:
    """Return the periods in sight under their names, the newest first."""
    starts = within(history(edition, view), view.reach)["starts"].unique()
    return {period(day, view.every): day for day in sorted(starts, reverse=True)}


@st.cache_data(max_entries=16, show_spinner=False)
def _depths(edition: str, view: View, month: date) -> Depths:
    found = _behind(edition, view, month)
    known = found.dropna(subset="value").sort_values(["area", "what"])
    kinds = {str(kind): rows for kind, rows in known.groupby("kind")}
    seen = set(known["what"])
    return Depths(
        {kind: len(rows) for kind, rows in kinds.items()},
        {kind: rows.head(LISTED) for kind, rows in kinds.items()},
        len(found) - len(known),
        tuple(islice((one for one in share.thinly_known(month) if one.what in seen), NEXT)),
    )


def depths(edition: str, view: View, month: date) -> Depths:
    """Return the parts of the system a view shows, by how many people knew them as a month ended."""
    return _depths(edition, _key(view), month)


def mark(edition: str, view: View, starts: date) -> float | None:
    """Return the number of one period of a view, None where there are too few rows to say one."""
    points = history(edition, replace(view, by=None))
    found = points.loc[points["starts"] == starts, "value"].dropna()
    return None if found.empty else float(found.iloc[0])


def empty(edition: str, view: View) -> bool:
    """Tell if all was read for a view, and nothing was in it."""
    try:
        return history(edition, view).empty and complete_to(edition, view.metric) is not None
    except data.OlderError:
        return False
