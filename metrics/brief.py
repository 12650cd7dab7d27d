"""The cover brief: what somebody needs who steps in tomorrow, from what the team wrote down itself. Names are those people typed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from data.entry import Entry
from data.journal import Journal
from data.kinds import due, over, superseded, title
from metrics.plan import Forecast, deviation, reach, uncovered
from metrics.words import amount, day, full_day, markdown

LATELY = 5  # talks and decisions told


@dataclass(frozen=True)
class Line:
    """One thing to know, what else there is to say of it, the entry it comes from, and the number it is about."""

    what: str
    more: str = ""
    entry: str = ""
    metric: str = ""


@dataclass(frozen=True)
class Part:
    """One part of a brief: its title, what to ask oneself over it, its lines, and what is said when there are none."""

    title: str
    asks: str
    lines: tuple[Line, ...]
    nothing: str


def brief(kept: Journal, today: date, moved: Sequence[str], plan: Forecast | None) -> list[Part]:
    """Return the parts of a brief as of a day: `moved` are the headlines of what moved, `plan` the forecast of the big rocks."""
    entries = [one for one in kept.entries() if one.body]
    gone = superseded(entries)

    def of(kind: str, *, still: bool = True) -> list[Entry]:
        return [one for one in entries if one.kind == kind and one.id not in gone and not (still and over(one))]

    waiting = due(entries, today)
    late = {one.id for one in waiting}
    return [
        Part(
            "Due now",
            "What would happen if this waited another week?",
            due_lines(waiting, today),
            "Nothing is due.",
        ),
        Part(
            "Decisions in force, and why",
            "Which of these would you have decided otherwise?",
            tuple(map(_decision, of("decision"))),
            "No decision is written down.",
        ),
        Part(
            "Follow-ups that are open",
            "Which one is waiting for an answer from you?",
            tuple(_follow_up(one) for one in of("follow_up") if one.id not in late),
            "No other follow-up is open.",
        ),
        Part(
            "Goals, and how sure we are",
            "What would move one of these?",
            tuple(map(_goal, of("goal"))),
            "No goal is written down.",
        ),
        Part(
            "Big rocks at risk",
            "What would have to go for this one to stay?",
            at_risk(plan),
            "No big rock is known to be at risk.",
        ),
        Part(
            "Experiments that run",
            "What would change our mind?",
            tuple(_experiment(one, today) for one in of("experiment") if _text(one, "start") <= today.isoformat()),
            "None runs.",
        ),
        Part("What moved lately", "What changed around that week?", tuple(map(Line, moved)), "Nothing moved."),
        Part(
            "What was talked about last, in its words",
            "What was left unsaid?",
            tuple(_talk(one) for one in of("topic", still=False) if _text(one, "said"))[:LATELY],
            "Nothing said in a talk is written down.",
        ),
        Part(
            "Who to ask",
            "What would you ask first?",
            _asked(of("decision"), of("experiment"), of("offer")),
            "Nobody is named.",
        ),
    ]


def at_risk(told: Forecast | None) -> tuple[Line, ...]:
    """Return the big rocks that are likely to be later than planned or do not fit, and what nobody who is there knows."""
    if told is None:
        return ()
    found = [
        Line(one.rock.title, f"{reach(one)}{_planned(one.rock.planned)}", one.rock.id)
        for one in told.finishes
        if not one.fits or (deviation(one) or 0) > 0
    ]
    return (*found, *(Line(uncovered(one)) for one in told.uncovered))


def as_md(parts: Iterable[Part], team: str, today: date) -> str:
    """Return a brief as Markdown. What people typed stands as it is but for what Markdown would take for its own."""
    told = [f"# Cover brief: {markdown(team)}, {full_day(today)}", ""]
    for part in parts:
        told += [f"## {part.title}", "", f"*{part.asks}*", ""]
        told += [
            f"- **{markdown(one.what)}**{f': {markdown(one.more)}' if one.more else ''}" for one in part.lines
        ] or [part.nothing]
        told += [""]
    return "\n".join(told)


def line(one: Entry, today: date) -> Line:
    """Return what one entry says as of a day, and how it stands."""
    if one.kind == "follow_up" and over(one):
        came = _text(one, "came")
        return Line(_text(one, "what"), f"{_text(one, 'state')}{f': {came}' if came else ''}", one.id)
    if one.kind == "experiment":
        learned = _text(one, "learned")
        return (
            Line(_experiment(one, today).what, f"we learned: {learned}", one.id) if learned else _experiment(one, today)
        )
    told = {"decision": _decision, "follow_up": _follow_up, "goal": _goal}.get(one.kind)
    return told(one) if told else Line(title(one), _text(one, "said") or _text(one, "state"), one.id)


def due_lines(waiting: list[Entry], today: date) -> tuple[Line, ...]:
    """Return entries whose day has come, in lines: what each is, and for how long it is open."""
    told = []
    for one in waiting:
        body = one.answers
        name = next(
            iter(v for k, v in body.items() if k in {"title", "what", "change", "destination", "goal"}), one.kind
        )
        came = next((str(body[k]) for k in ("review", "until", "end", "day") if body.get(k)), "")
        weeks = (today - date.fromisoformat(came)).days // 7 if came else 0
        still = f"still open, {amount(weeks, 'week')}" if weeks else "still open"
        who = f"; {body['owner']}" if body.get("owner") else ""
        told.append(Line(str(name), still + who, one.id))
    return tuple(told)


def _decision(one: Entry) -> Line:
    told = [f"why: {_text(one, 'why')}"]
    told += [f"expected: {_text(one, 'expected')}"] if _text(one, "expected") else []
    told += [f"{_text(one, 'owner')} sees to it"] if _text(one, "owner") else []
    return Line(_text(one, "title"), "; ".join([*told, f"comes back on {_day(one, 'review')}"]), one.id)


def _follow_up(one: Entry) -> Line:
    return Line(_text(one, "what"), f"{_text(one, 'owner')}, until {_day(one, 'until')}", one.id)


def _goal(one: Entry) -> Line:
    told = f"{_text(one, 'far')}; sure: {_text(one, 'sure')}, {_text(one, 'because')}"
    return Line(
        _text(one, "destination"), told + (f"; {_text(one, 'changed')}" if _text(one, "changed") else ""), one.id
    )


def _experiment(one: Entry, today: date) -> Line:
    left = (date.fromisoformat(_text(one, "end")) - today).days if _text(one, "end") else 0
    ends = f"ends on {_day(one, 'end')}" if left >= 0 else f"ended on {_day(one, 'end')}, not read to the end"
    asked = f"; ask {_text(one, 'owner')}" if _text(one, "owner") else ""
    return Line(
        f"{_text(one, 'change')}, for {_text(one, 'whom')}",
        f"{ends}; would change our mind: {_text(one, 'mind')}{asked}",
        one.id,
    )


def _talk(one: Entry) -> Line:
    return Line(_text(one, "what"), f"{_day(one, 'day')}: {_text(one, 'said')}", one.id)


def _asked(decisions: list[Entry], experiments: list[Entry], offers: list[Entry]) -> tuple[Line, ...]:
    told = [Line(_text(one, "title"), _text(one, "owner"), one.id) for one in decisions if _text(one, "owner")]
    told += [Line(_text(one, "change"), _text(one, "owner"), one.id) for one in experiments if _text(one, "owner")]
    told += [Line(_text(one, "what"), f"{one.author} offers to show it", one.id) for one in offers]
    return tuple(sorted(told, key=lambda line: line.what.casefold()))


def _planned(sprint: int | None) -> str:
    return "" if sprint is None else f"; planned for sprint {sprint}" if sprint > 0 else "; planned for before now"


def _text(one: Entry, name: str) -> str:
    return " ".join(str(one.answers.get(name) or "").split()).removesuffix(".")


def _day(one: Entry, name: str) -> str:
    told: Any = _text(one, name)
    return day(date.fromisoformat(told)) if told else "a day nobody wrote down"
