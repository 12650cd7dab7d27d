"""The strategy hour: its agenda with minutes, its clock, what it opens with, and its minutes, all from what was written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from data.entry import Entry
from data.halves import APART
from data.kinds import BY_NAME, LINES, TALKS, due, kind, superseded, title
from metrics.brief import Line, Part, at_risk, due_lines, line
from metrics.plan import Forecast
from metrics.words import amount, capital, day, full_day, markdown

MINUTE = timedelta(minutes=1)
FORGOTTEN = timedelta(hours=4)  # an hour nobody ended is over then
LOOKS_BACK = timedelta(weeks=6)  # the first hour there is
KEPT = ("decision", "follow_up", "experiment")  # what an hour leaves behind, in the order of its minutes


@dataclass(frozen=True)
class Item:
    """One item of the agenda: its minutes, what to ask, and which talk it is, if it is one."""

    name: str
    minutes: int
    asks: str
    talk: str = ""


AGENDA = (
    Item("Last time", 5, "Is each of these still worth doing?"),
    Item("Findings from customers", 10, "What do they do instead today?", TALKS[0]),
    Item("Architecture across teams", 10, "Which border slowed us most? What if one person is away?", TALKS[1]),
    Item("Capabilities to unlock", 8, "Which one makes the next two cheaper?", TALKS[2]),
    Item("Tools we need", 5, "What would we stop paying for?", TALKS[3]),
    Item("Goals by horizon", 6, "Closer, further, or did the destination move?"),
    Item("Big rocks", 8, "If somebody is away in sprint 4, what would we still promise?"),
    Item("Burn list and exploration", 4, "Would we start this today?"),
    Item("Decide", 4, "How will we know in six weeks?"),
)
WHOLE = sum(item.minutes for item in AGENDA)


@dataclass(frozen=True)
class Hour:
    """One strategy hour: its entry, when it began, and when it ended, None while nobody has ended it. Zone-less UTC."""

    entry: Entry
    begun: datetime
    ended: datetime | None

    @property
    def over(self) -> datetime:
        """Return the moment from which on nothing belongs to it any more."""
        return self.ended or self.begun + FORGOTTEN


def begins(item: Item) -> int:
    """Return the minute an item of the agenda begins in."""
    return sum(one.minutes for one in AGENDA[: AGENDA.index(item)])


def belongs(topic: Entry) -> Item:
    """Return the item of the agenda a topic belongs to: its talk, else the first one."""
    talk = topic.answers.get("talk")
    return next((item for item in AGENDA if talk and item.talk == talk), AGENDA[0])


def hours(entries: Iterable[Entry]) -> list[Hour]:
    """Return the hours among some entries, the newest first; one whose beginning cannot be read is none."""
    found = []
    for one in entries:
        begun = _moment(one.answers.get("begun")) if one.kind == "hour" else None
        if begun:
            found.append(Hour(one, begun, _moment(one.answers.get("ended"))))
    return sorted(found, key=lambda hour: hour.begun, reverse=True)


def running(told: Sequence[Hour], now: datetime) -> Hour | None:
    """Return the hour that runs. Of two that were begun at once it is the earlier one, so that everybody is in the same."""
    return next((one for one in reversed(told) if one.ended is None and one.begun <= now < one.over), None)


def last(told: Sequence[Hour], now: datetime) -> Hour | None:
    """Return the hour held last, None before there was any."""
    return next((one for one in told if one.over <= now), None)


def clock(hour: Hour, now: datetime) -> str:
    """Return in words how far an hour is, and which item the agenda is at."""
    passed = int((now - hour.begun) / MINUTE)
    if passed >= WHOLE:
        return f"The hour is over. {capital(amount(passed - WHOLE, 'minute'))} more so far."
    item = next(one for one in reversed(AGENDA) if begins(one) <= passed)
    return f"Minute {passed} of {WHOLE}. By the agenda: {item.name}, until minute {begins(item) + item.minutes}."


def topics(entries: Iterable[Entry], since: datetime | None) -> list[Entry]:
    """Return what is on the agenda, in the order it was brought: all that is open, and what was talked about since a moment."""
    of = [one for one in entries if one.kind == "topic"]
    there = [one for one in of if one.answers.get("state", "open") == "open" or (since and one.at >= since)]
    return sorted(there, key=lambda one: (str(one.answers.get("day")), one.id))


def lines(entries: Iterable[Entry], hour: Hour, item: Item, topic: str = "") -> list[Entry]:
    """Return what was said in an hour under an item of the agenda, about a topic or about none, the oldest first."""
    told = [
        one
        for one in entries
        if one.kind == "said" and one.answers.get("hour") == hour.entry.id and one.answers.get("of", "") == topic
        if topic or one.answers.get("item") == item.name
    ]
    return sorted(told, key=lambda one: one.seq)


def within(versions: Iterable[Entry], hour: Hour) -> list[Entry]:
    """Return what was written in an hour as it stood at its end, in the order it was first written there.

    What EM and PM answer apart is left out.
    """
    found: dict[str, Entry] = {}
    for one in versions:
        if hour.begun <= one.at <= hour.over and one.kind in BY_NAME and one.kind != "hour":
            found[one.id] = one
    return [one for one in found.values() if one.body and APART not in one.body]


def since_when(before: Hour | None, today: date) -> date:
    """Return the day an hour looks back to: that of the one before, some weeks where there was none."""
    return before.begun.date() if before else today - LOOKS_BACK


def opening(  # noqa: PLR0913, PLR0917  all that happened since
    entries: Sequence[Entry],
    versions: Sequence[Entry],
    before: Hour | None,
    today: date,
    moved: Sequence[Line],
    plan: Forecast | None,
) -> list[Part]:
    """Return what an hour opens with: what came of last time, what is due, what ended, what moved, what differs from the plan.

    `moved` is what was first told since the hour before.
    """
    now = {one.id: one for one in entries}
    gone = superseded(list(entries))
    since = since_when(before, today).isoformat()
    left = [one for one in within(versions, before) if one.kind in {*KEPT, "topic"} and one.id in now] if before else []
    waiting = [one for one in due(list(entries), today) if one.kind != "topic"]
    ended = [one for one in now.values() if one.kind == "experiment" and since <= _text(one, "end") <= f"{today}"]
    differs = [one for one in now.values() if one.kind == "deviation" and one.at.date().isoformat() >= since]
    return [
        Part(
            f"What came of {day(before.begun.date())}" if before else "What came of last time",
            "What is different since?",
            tuple(_stands(now[one.id], gone, today) for one in left),
            "Nothing was decided or begun last time." if before else "No strategy hour was held yet.",
        ),
        Part("Due", "What would happen if this waited another week?", due_lines(waiting, today), "Nothing is due."),
        Part(
            "Experiments that ended since",
            "What did we learn, whichever way it went?",
            tuple(line(one, today) for one in ended),
            "None ended.",
        ),
        Part("What moved since", "What changed around that week?", tuple(moved), "Nothing moved."),
        Part(
            "Beside the plan",
            "What did we learn that we could not know when we planned?",
            (*at_risk(plan), *(Line(title(one), _text(one, "why"), one.id) for one in differs)),
            "Nothing is known to differ from the plan." if plan else "No deviation from the plan is written down.",
        ),
    ]


def agenda(parts: Iterable[Part], brought: Iterable[Entry], team: str) -> str:
    """Return the agenda of the next hour as Markdown: each item with its minutes and its topics, what it opens with in the first."""
    brought = list(brought)
    told = [f"# The next strategy hour: {markdown(team)}", ""]
    for item in AGENDA:
        told += [f"## {begins(item)} to {begins(item) + item.minutes}: {item.name}", "", f"*{item.asks}*", ""]
        for part in parts if item is AGENDA[0] else ():
            told += [f"**{part.title}**", "", *(map(_bullet, part.lines) if part.lines else [part.nothing]), ""]
        if topics_ := [f"- **{markdown(title(one))}**" for one in brought if belongs(one) is item]:
            told += ["**To talk about**", "", *topics_, ""]
    return "\n".join(told)


def minutes(hour: Hour, versions: Iterable[Entry], team: str, zone: str) -> str:
    """Return the minutes of an hour as Markdown: what was said by the agenda, what was decided, and what else was written.

    What was said stands without names. Names are those that people typed who volunteered.
    """
    versions = list(versions)
    written, names = within(versions, hour), {one.id: one for one in versions}
    begun, over = (_local(moment, zone) for moment in (hour.begun, hour.over))
    lasted = f"{begun:%H:%M} to {over:%H:%M}" if hour.ended else f"begun {begun:%H:%M}"
    told = [f"# Strategy hour: {markdown(team)}, {full_day(begun.date())}", "", f"{lasted} ({zone})", ""]
    for item in AGENDA:
        told += _talked(item, written, names)
    today = hour.over.date()
    for name in KEPT:
        if those := [line(one, today) for one in written if one.kind == name]:
            told += [f"## {kind(name).title}s", "", *map(_bullet, those), ""]
    others = [one for one in written if one.kind not in {*KEPT, *LINES, "topic"}]
    if others:
        told += ["## Also written down", ""]
        told += [f"- {kind(one.kind).title}: **{markdown(title(one))}**" for one in others] + [""]
    if len(told) == 4:
        told += ["Nothing was written down.", ""]
    return "\n".join(told)


def _talked(item: Item, written: Sequence[Entry], names: dict[str, Entry]) -> list[str]:
    """Return what was said under an item of the agenda, topic by topic; nothing where nothing was."""
    said = [one for one in written if one.kind == "said" and one.answers.get("item") == item.name]
    brought = [one.id for one in written if one.kind == "topic" and belongs(one) is item]
    told = []
    for topic in dict.fromkeys([*(str(one.answers["of"]) for one in said if one.answers.get("of")), *brought]):
        told.append(f"- **{markdown(title(names[topic])) if topic in names else 'A topic'}**")
        told += [f"  - {markdown(title(one))}" for one in said if one.answers.get("of") == topic]
    told += [f"- {markdown(title(one))}" for one in said if not one.answers.get("of")]
    return [f"## {item.name}", "", *told, ""] if told else []


def _stands(one: Entry, gone: dict[str, Entry], today: date) -> Line:
    """Return an entry as it stands now, that something took its place included."""
    if one.id in gone:
        return Line(title(one), f"decided otherwise: {title(gone[one.id])}", one.id)
    told = line(one, today)
    return Line(f"{kind(one.kind).title}: {told.what}", told.more, one.id)


def _bullet(told: Line) -> str:
    return f"- **{markdown(told.what)}**{f': {markdown(told.more)}' if told.more else ''}"


def _local(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))


def _moment(told: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(told)).replace(tzinfo=None)
    except ValueError:
        return None


def _text(one: Entry, name: str) -> str:
    return str(one.answers.get(name) or "")
