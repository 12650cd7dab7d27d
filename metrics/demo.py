"""The weekly demo as slides: what the team wrote down for a week, with the numbers of that week beside it.

Nothing is told that nobody looked at: a story is an entry of the journal that says it is shown, and names are those people
typed. A past week is told as it was known then, so its demo stays what it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

from data.entry import Entry
from data.kinds import day, number
from metrics.words import amount, capital, full_day, series
from metrics.words import day as short_day

Sort = Literal[
    "opening", "story", "outcome", "customers", "flow", "lesson", "experiments", "next", "joke"
]  # in the order they are told

WEEK = timedelta(weeks=1)
MOST_SLIDES, MOST_WORDS, MOST_LETTERS = 12, 45, 270  # letters: words are long in some languages, and a screen is not
BESIDE = 240  # letters beside a picture
LOOP = 240.0  # seconds until everything was seen once
FIXED, A_SECOND, SHORTEST, LONGEST = 4.0, 2.5, 10.0, 25.0  # seconds before reading, words read a second
SHOWN = ("story", "finding", "lesson", "joke")  # kinds that a demo tells
HEADLINE, FIGURE, THANKS, ABOUT, LINE = (
    (12, 80),
    (5, 24),
    (11, 60),
    (14, 80),
    (30, 200),
)  # most words and letters of each
JOKE = (30, 150)  # it has a slide for itself
KEPT = (6, 40)  # words and letters that are kept for its lines, whatever else a slide says
MOST_LINES = 3
NUMBERS_START = "Numbers start conversations."
COMING: dict[Sort, str] = {
    "outcome": "what Workflows gave back",
    "customers": "what customers said",
    "experiments": "experiments",
    "next": "the next big rock",
}
BETTER = "What could we have done better?"


@dataclass(frozen=True)
class Figure:
    """One number with its range, in words: `number` is large, `about` says what it is and what is usual.

    `points` are the last weeks, None where nothing is known, and `band` is what is usual for them.
    """

    number: str
    about: str
    headline: str = ""
    points: tuple[float | None, ...] = ()
    band: tuple[float, float] | None = None


@dataclass(frozen=True)
class Numbers:
    """What the numbers say of a week: what Workflows gave back, one that moved, those that stories name, when the rock is done."""

    outcome: Figure | None = None
    flow: Figure | None = None
    customers: Figure | None = None
    of: Mapping[str, Figure] = field(default_factory=dict)  # by the metric's name
    rocks: Mapping[str, str] = field(default_factory=dict)  # by the rock's id: sprints 3 to 5


@dataclass(frozen=True)
class Slide:
    """One slide: one idea. `notes` are for whoever speaks and on no screen; `entry` is where it was written."""

    sort: Sort
    over: str  # what sort of slide it is, in words
    headline: str
    lines: tuple[str, ...] = ()
    figure: Figure | None = None
    thanks: str = ""
    link: str = ""
    ask: str = ""
    notes: tuple[str, ...] = ()
    entry: str = ""
    picture: str = ""  # the id of the entry that holds it


def monday(when: date) -> date:
    """Return the day on which the week of a day begins."""
    return when - timedelta(days=when.weekday())


def weeks(entries: Iterable[Entry]) -> list[date]:
    """Return the weeks a demo was prepared for, the newest first, each by its first day."""
    told = {monday(when) for one in entries if one.kind in SHOWN and (when := day(one.answers.get("day")))}
    return sorted(told, reverse=True)


def newest(entries: Iterable[Entry], today: date) -> date:
    """Return the week a screen shows by itself: the newest up to this one that has a story, this one where none has."""
    told = [one for one in entries if one.kind == "story" and one.answers.get("shown") == "shown"]
    return next((week for week in weeks(told) if week <= today), monday(today))


def of_week(entries: Iterable[Entry], kind: str, week: date) -> list[Entry]:
    """Return the entries of a kind that a week's demo could tell, hidden ones too, in their order."""
    found = [
        one for one in entries if one.kind == kind and (when := day(one.answers.get("day"))) and monday(when) == week
    ]
    return sorted(found, key=lambda one: (_order(one), one.seq))


def known(versions: Iterable[Entry], week: date) -> list[Entry]:
    """Return every entry as it stood when a week ended, the newest first; what was taken back since is left out.

    What a demo tells is prepared when there is time for it, so that is as it stands now.
    """
    ends = datetime.combine(week + WEEK, time())
    now: dict[str, Entry] = {}
    then: dict[str, Entry] = {}
    for one in sorted(versions, key=lambda one: one.version):
        now[one.id] = one
        if one.at < ends or one.kind in SHOWN:
            then[one.id] = one
    there = [one for one in then.values() if one.body is not None and now[one.id].body is not None]
    return sorted(there, key=lambda one: one.seq, reverse=True)


def demo(
    entries: Sequence[Entry], week: date, today: date, team: str, numbers: Numbers | None = None
) -> tuple[Slide, ...]:
    """Return the slides of a week, at most twelve and at most four minutes long.

    `entries` are those known() tells of the week; `today` says how far an experiment has come. Stories beyond what a demo holds
    are left out, the last first, and the opening says so.
    """
    told = numbers or Numbers()
    then = min(today, week + timedelta(days=4))  # a past demo was held on its Friday
    stories = [_story(one, told) for one in of_week(entries, "story", week) if _shown(one)]
    rest = [
        *_outcome(told),
        *_customers(entries, week, told),
        *_flow(told),
        _lesson(entries, week),
        *_experiments(entries, week, then),
        *_next(entries, told),
        *_joke(entries, week),
    ]
    kept = stories[: MOST_SLIDES - 1 - len(rest)]
    while True:
        slides = [_opening(team, week, kept, stories, rest), *kept, *rest]
        slides = [fitted(one) for one in slides]
        if len(kept) < 2 or sum(map(dwell, slides)) <= LOOP:
            return tuple(slides)
        kept = kept[:-1]


# Words and seconds


def said(one: Slide) -> str:
    """Return every word a slide shows, the link's and those of its frame apart."""
    figure = (one.figure.number, one.figure.about) if one.figure else ()
    return " ".join(filter(None, (one.headline, *one.lines, *figure, one.thanks, one.ask)))


def words(one: Slide) -> int:
    """Return how many words a slide shows."""
    return len(said(one).split())


def dwell(one: Slide) -> float:
    """Return for how many seconds a screen shows a slide by itself."""
    return min(LONGEST, max(SHORTEST, FIXED + words(one) / A_SECOND))


def at(slides: Sequence[Slide], seconds: float) -> int:
    """Return the place of the slide that a screen shows so many seconds after a loop began."""
    left = seconds % sum(map(dwell, slides))
    for place, one in enumerate(slides):
        left -= dwell(one)
        if left < 0:
            return place
    return 0


def cut(text: object, most: tuple[int, int]) -> str:
    """Return a text on one line, cut to so many words and letters; an ellipsis says that something is missing."""
    line = _line(text)
    short = " ".join(line.split()[: most[0]])
    if len(short) > most[1]:
        short = short[: max(0, most[1] - 1)]
        short = short.rsplit(" ", 1)[0] if " " in short else short
    return short if short == line or not short else short.rstrip(",;:. ") + "…"


def _line(text: object) -> str:
    return " ".join(str(text or "").split())


def fitted(one: Slide) -> Slide:
    """Return a slide with no more words than a screen is read with; what was cut off goes into the notes, whole."""
    short = replace(
        one, headline=cut(one.headline, JOKE if one.sort == "joke" else HEADLINE), lines=(), figure=None, thanks=""
    )
    lines = one.lines[:MOST_LINES]
    kept = KEPT if lines else (0, 0)
    if one.figure:
        short = replace(short, figure=replace(one.figure, number=cut(one.figure.number, FIGURE), about=""))
    short = replace(short, thanks=cut(one.thanks, _room(short, THANKS, kept)))
    if one.figure and short.figure:
        about = cut(one.figure.about, _room(short, ABOUT, kept))
        short = replace(short, figure=replace(short.figure, about=about))
    for place, line in enumerate(lines):
        left = _room(short, LINE, (0, 0))
        share = len(lines) - place
        fair = (-(-left[0] // share), -(-left[1] // share))
        short = replace(short, lines=(*short.lines, *filter(None, [cut(line, fair)])))
    whole = [text for text in (one.headline, *one.lines, one.thanks) if text and _line(text) not in said(short)]
    return replace(short, notes=(*whole, *one.notes))


def _room(one: Slide, most: tuple[int, int], kept: tuple[int, int]) -> tuple[int, int]:
    """Return how many words and letters of a part still fit on a slide when some are kept for its lines."""
    letters = BESIDE if one.picture else MOST_LETTERS
    room = MOST_WORDS - words(one) - kept[0], letters - len(said(one)) - kept[1]
    return max(0, min(most[0], room[0])), max(0, min(most[1], room[1]))


# The slides


def _opening(team: str, week: date, kept: Sequence[Slide], stories: Sequence[Slide], rest: Sequence[Slide]) -> Slide:
    coming = [amount(len(kept), "story")] if kept else []
    coming += [COMING[one.sort] for one in rest if one.sort in COMING]
    lines = [f"{capital(series(coming))}." if coming else "Nothing is prepared for this week yet.", NUMBERS_START]
    left = len(stories) - len(kept)
    notes = (f"{capital(amount(left, 'more story'))} did not fit.",) if left else ()
    return Slide("opening", team, f"The week of {full_day(week)}", tuple(lines), notes=notes)


def _story(one: Entry, told: Numbers) -> Slide:
    body = one.answers
    figure = told.of.get(str(body.get("metric") or ""))
    if body.get("now"):
        figure = Figure(str(body["now"]), f"before: {body['was']}" if body.get("was") else "")
    thanks = _text(one, "thanks")
    return Slide(
        "story",
        "What somebody can do now",
        _text(one, "title"),
        tuple(line.strip() for line in str(body.get("why") or "").splitlines() if line.strip()),
        figure,
        f"With thanks to {thanks}" if thanks else "",
        _text(one, "url"),
        "What would have made this easier a month ago?",
        (_text(one, "more"),) if body.get("more") else (),
        one.id,
        str(body.get("picture") or ""),
    )


def _outcome(told: Numbers) -> list[Slide]:
    if told.outcome is None:
        return []
    ask = "Where did those hours go?"
    return [Slide("outcome", "What Workflows gave back", told.outcome.headline, (), told.outcome, ask=ask)]


def _customers(entries: Sequence[Entry], week: date, told: Numbers) -> list[Slide]:
    found = [one for one in of_week(entries, "finding", week) if _shown(one)]
    if not found:
        return []
    lines = tuple(_text(one, "what") for one in found[:2])
    notes = tuple(_text(one, "more") for one in found if one.answers.get("more"))
    ask = "Which of these surprises you?"
    return [
        Slide("customers", "Customers", "What we heard from customers", lines, told.customers, ask=ask, notes=notes)
    ]


def _flow(told: Numbers) -> list[Slide]:
    if told.flow is None:
        return []
    ask = "What was different in the marked week?"
    return [Slide("flow", "How work flows", told.flow.headline, (), told.flow, ask=ask)]


def _lesson(entries: Sequence[Entry], week: date) -> Slide:
    """Return the slide that is always there: what was written down this week, and what came of the last one's follow-ups."""
    found = [one for one in of_week(entries, "lesson", week) if _shown(one)]
    follow_ups = [one for one in entries if one.kind == "follow_up"]
    lines = []
    for one in found:
        after = next((other for other in follow_ups if other.answers.get("of") == one.id), None)
        until = day(after.answers.get("until")) if after else None
        then = f": {_text(after, 'what')}, {_text(after, 'owner')}" if after else ""
        lines.append(f"{_text(one, 'what')}{then}{f', {short_day(until)}' if until else ''}")
    for one in follow_ups:
        state, until = one.answers.get("state"), day(one.answers.get("until"))
        written = one.at.date()
        if state != "open" and week - WEEK <= written < week + WEEK:
            came = _text(one, "came")
            lines.append(f"{capital(str(state))}: {_text(one, 'what')}.{f' {came}' if came else ''}")
        elif state == "open" and until and week - WEEK <= until < week + WEEK:
            lines.append(f"Still open: {_text(one, 'what')}, {_text(one, 'owner')}")
    notes = tuple(_text(one, "more") for one in found if one.answers.get("more"))
    lines = lines or ["Nothing is written down yet. What comes to mind?"]
    return Slide(
        "lesson",
        "About the system, and nobody in it",
        BETTER,
        tuple(lines),
        ask="What would you try first?",
        notes=notes,
    )


def _experiments(entries: Sequence[Entry], week: date, then: date) -> list[Slide]:
    lines, notes = [], []
    for one in entries:
        begins, ends = day(one.answers.get("start")), day(one.answers.get("end"))
        if one.kind != "experiment" or not begins or not ends or begins > then:
            continue
        change, learned = capital(_text(one, "change")), _text(one, "learned")
        tried = f"{change}, for {_text(one, 'whom')}"
        if learned and week - WEEK <= one.at.date() < week + WEEK:
            lines.append(f"Ended: {change}. {learned}")
        elif not learned and then <= ends:
            lines.append(f"Day {(then - begins).days + 1} of {(ends - begins).days + 1}: {tried}")
            notes.append(f"{tried}: we hope for {_text(one, 'outcome')}, because {_text(one, 'because')}.")
    if not lines:
        return []
    head = "What we are trying out"
    return [
        Slide("experiments", "Experiments", head, tuple(lines), ask="What would change our mind?", notes=tuple(notes))
    ]


def _next(entries: Sequence[Entry], told: Numbers) -> list[Slide]:
    rocks = [one for one in entries if one.kind == "rock" and one.answers.get("state") == "open"]
    if not rocks:
        return []
    one = min(rocks, key=lambda one: (_order(one), one.seq))
    planned = day(one.answers.get("planned"))
    figure = None
    if one.id in told.rocks:
        figure = Figure(told.rocks[one.id], "from as likely as not to 85 % sure")
    lines = [_text(one, "why")] if one.answers.get("why") else []
    lines += [f"Planned to be finished by {full_day(planned)}"] if planned and not figure else []
    ask = "What do we stop, to make room?"
    return [Slide("next", "The next big rock", _text(one, "title"), tuple(lines), figure, ask=ask, entry=one.id)]


def _joke(entries: Sequence[Entry], week: date) -> list[Slide]:
    told = [one for one in of_week(entries, "joke", week) if _shown(one)]
    return [Slide("joke", "The week's bad joke", str(one.answers.get("what") or ""), entry=one.id) for one in told[:1]]


def _shown(one: Entry) -> bool:
    return one.answers.get("shown") == "shown"


def _order(one: Entry) -> float:
    told = number(one.answers.get("order"))
    return 999.0 if told is None else told


def _text(one: Entry, name: str) -> str:
    return " ".join(str(one.answers.get(name) or "").split()).removesuffix(".")
