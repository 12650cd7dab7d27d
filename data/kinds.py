"""The kinds of things people write into the journal: one declaration each."""

from collections.abc import Iterable
from datetime import date, timedelta

from data.entry import Entry, Field, Kind, day
from data.halves import APART, ROLE, ROLES

STATE = Field("state", "How it stands", "choice", needed=True, choices=("open", "done", "let go"))
NOTE = Kind(
    name="note",
    title="Note",
    question="What happened here that a number cannot tell?",
    fields=(
        Field("what", "What happened", "line", needed=True),
        Field(
            "sort",
            "What sort of thing it was",
            "choice",
            needed=True,
            choices=("release", "incident", "holiday", "experiment", "decision", "definition change", "other"),
        ),
        Field("since", "First day", "day", needed=True),
        Field("until", "Last day, where it was more than one", "day"),
        Field("more", "What else is worth knowing"),
        Field("view", "The chart it was written on", "view"),
    ),
)
DECISION = Kind(
    name="decision",
    title="Decision",
    question="What would have to be true for us to decide otherwise?",
    fields=(
        Field("title", "What was decided", "line", needed=True),
        Field("context", "What made it necessary"),
        Field("options", "What else could have been done"),
        Field("why", "Why this", needed=True),
        Field("owner", "Who volunteered to see to it", "line", needed=True),
        Field("review", "The day it comes back", "day", needed=True),
        Field("metric", "The number in which we expect to see it", "metric"),
        Field("expected", "What we expect to see there", "line"),
        Field("since", "The day it took effect", "day"),
        Field("instead", "The decision it takes the place of", "entry"),
        Field("view", "The chart it was made over", "view"),
    ),
    due="review",
    rhythm=timedelta(weeks=6),
)
FOLLOW_UP = Kind(
    name="follow_up",
    title="Follow-up",
    question="What will be different when this is done?",
    fields=(
        Field("what", "What is to be done", "line", needed=True),
        Field("owner", "Who volunteered", "line", needed=True),
        Field("until", "The day we look at it again", "day", needed=True),
        STATE,
        Field("came", "What came of it"),
        Field("of", "What it comes from", "entry"),
    ),
    due="until",
    rhythm=timedelta(weeks=1),
)
EXPERIMENT = Kind(
    name="experiment",
    title="Experiment",
    question="What would change our mind?",
    fields=(
        Field("change", "We believe that this change …", "line", needed=True),
        Field("whom", "… for these people or parts …", "line", needed=True),
        Field("outcome", "… will lead to this …", "line", needed=True),
        Field("because", "… because", needed=True),
        Field("metric", "The one number it is judged by", "metric", needed=True),
        Field("area", "The part it is judged in, where it is not everything", "line"),
        Field("against", "Another part, which the change does not reach, to hold it against", "line"),
        Field("hoped", "Which way it should move, where that is not plain", "choice", choices=("up", "down")),
        Field("guards", "Numbers that should stay as they are meanwhile, parted by commas", "line"),
        Field(
            "matters",
            "The smallest change that would matter: durations in per cent, shares in percentage points",
            "number",
            needed=True,
        ),
        Field("start", "First day", "day", needed=True),
        Field("end", "Last day", "day", needed=True),
        Field("stop", "What would make us stop before", "line"),
        Field("mind", "What would change our mind", needed=True),
        Field("owner", "Who to ask", "line"),
        Field("learned", "What we learned"),
        Field("of", "What it comes from", "entry"),
    ),
    due="end",
    rhythm=timedelta(weeks=8),
)
TALKS = (  # what the strategy hour is for
    "what we are finding from customers",
    "architecture across teams",
    "capabilities to unlock soon",
    "tools we need",
)
TOPIC = Kind(
    name="topic",
    title="Topic",
    question="What do we want to know by the end of that talk?",
    fields=(
        Field("what", "What we should talk about", "line", needed=True),
        Field("day", "The day we talk about it", "day", needed=True),
        STATE,
        Field("talk", "Which talk of the strategy hour it belongs to", "choice", choices=TALKS),
        Field("said", "What was said"),
        Field("metric", "The number it is about", "metric"),
        Field("view", "What was looked at", "view"),
    ),
    due="day",
    rhythm=timedelta(weeks=1),
)
HOUR = Kind(
    name="hour",
    title="Strategy hour",
    question="What do we want to know at the end of it that we do not know now?",
    fields=(
        Field("title", "What it is called", "line", needed=True),
        Field("begun", "The moment it began, in UTC", "line", needed=True),
        Field("ended", "The moment it ended, in UTC", "line"),
    ),
    page="hour",
)
SAID = Kind(
    name="said",
    title="Said in a talk",
    question="What do we want to remember of it?",
    fields=(
        Field("what", "What was said", "line", needed=True),
        Field("item", "Where on the agenda", "line"),
        Field("hour", "The hour it was said in", "entry"),
        Field("of", "The topic it was said about", "entry"),
    ),
    page="hour",
)
LOOK_BACK = Kind(
    name="look_back",
    title="Look back",
    question="What made each step look sensible at the time?",
    fields=(
        Field("what", "What we look back on", "line", needed=True),
        Field("key", "Its key in GitHub or Jira", "line"),
        Field("helped", "What helped, and would help again"),
        Field("easy", "What in the system made it easy to happen"),
        Field("surprised", "What surprised us"),
        Field("learned", "What we learned", needed=True),
    ),
    page="look_back",
)
HORIZONS = {"short": "this quarter", "mid": "this year", "long": "beyond"}
GOAL = Kind(
    name="goal",
    title="Goal",
    question="How would we notice, without being told, that we are there?",
    fields=(
        Field("destination", "Where we want to be, as a place and not as a task", "line", needed=True),
        Field("horizon", "How far off it lies", "choice", needed=True, choices=tuple(HORIZONS)),
        Field("why", "Who has something of it, and what"),
        Field("metric", "The number it is seen in", "metric"),
        Field("area", "The part it is seen in, where it is not everything", "line"),
        Field("way", "Which way that number should go", "choice", choices=("up", "down", "stay as it is")),
        Field(
            "far",
            "How far we are",
            "choice",
            needed=True,
            choices=("not begun", "on the way", "nearly there", "there", "let go"),
        ),
        Field("sure", "How sure we are to get there", "choice", needed=True, choices=("low", "mid", "high")),
        Field("because", "What makes us that sure", "line", needed=True),
        Field("changed", "What changed last"),
        Field(
            "stones",
            "The stones on the path, parted by commas: SHOP-12, shop#34, shop v1.4, shop milestone 5",
            "line",
        ),
        Field("review", "The day it comes back", "day", needed=True),
    ),
    due="review",
    rhythm=timedelta(weeks=6),
    page="plan",
)
SPRINT_GOAL = Kind(
    name="sprint_goal",
    title="Sprint goal",
    question="What would we be glad to have seen by the end of it?",
    fields=(
        Field("goal", "The goal of the sprint, in a sentence", "line", needed=True),
        Field("sprint", "The sprint", "line", needed=True),
        Field("why", "Why this and not something else", needed=True),
        Field("until", "The day it ends", "day", needed=True),
        Field("of", "The goal it leads to", "entry"),
        Field("ended", "How it ended", "choice", choices=("we got there", "part of the way", "we went elsewhere")),
        Field("came", "How that came, and what we take from it"),
    ),
    due="until",
    rhythm=timedelta(weeks=2),
    page="plan",
)
ORDER = Kind(
    name="order",
    title="Order",
    question="Which of these would you give up last?",
    fields=(
        Field(APART, "What is put in order", "line", needed=True),
        Field(ROLE, "Whose it is", "choice", needed=True, choices=ROLES),
        Field("goals", "The goals, what matters most first", "entries", needed=True),
    ),
    page="plan",
)
GUT_CHECK = Kind(
    name="gut_check",
    title="Gut check",
    question="What does your gut say that no number does?",
    fields=(
        Field(APART, "The talk it is for", "line", needed=True),
        Field(ROLE, "Whose it is", "choice", needed=True, choices=ROLES),
        Field("well", "What feels right"),
        Field("uneasy", "What feels uneasy"),
        Field("sure", "How sure you are of the plan", "choice", choices=("low", "mid", "high")),
        Field("talk", "The one thing to talk about", "line", needed=True),
    ),
    page="pulse",
)
SUGGESTION = Kind(
    name="suggestion",
    title="Suggestion",
    question="What do you know that the plan does not?",
    fields=(
        Field("what", "What should change", "line", needed=True),
        Field("on", "In which part of the plan", "entry"),
        Field("why", "Why", needed=True),
        Field("state", "How it stands", "choice", needed=True, choices=("open", "taken", "declined")),
        Field("reason", "Why it was taken or declined", after=("taken", "declined")),
        Field("day", "The day we talk about it", "day", needed=True),
    ),
    due="day",
    rhythm=timedelta(weeks=2),
    page="plan",
)
OFFER = Kind(
    name="offer",
    title="Offer to show",
    question="What would you show first?",
    fields=(
        Field("what", "The part of the system you can show", "line", needed=True),
        Field("how", "What you can show, and how", needed=True),
        Field("until", "The last day this holds", "day"),
    ),
    page="knowledge",
)
ROCK = Kind(
    name="rock",
    title="Big rock",
    question="What would we see in the world when this is done?",
    fields=(
        Field("title", "What it is called", "line", needed=True),
        Field("order", "Its place in the order, 1 is first", "number", needed=True),
        Field("low", "Items left to do: fewer than this would surprise us", "number", needed=True),
        Field("likely", "Items left to do: about", "number", needed=True),
        Field("high", "Items left to do: more than this would surprise us", "number", needed=True),
        Field("earliest", "The day it can begin", "day"),
        Field("planned", "The day it is planned to be finished", "day"),
        Field("epics", "Its epics in Jira, by key or title, parted by commas", "line"),
        Field("needs", "Parts of the system it takes knowledge of, parted by commas", "line"),
        Field("why", "Why this, and why now"),
        STATE,
    ),
    page="plan",
)
CAPACITY = Kind(
    name="capacity",
    title="Capacity",
    question="How much of everybody's time is there, without asking for reasons?",
    fields=(
        Field("title", "What this plan is called", "line", needed=True),
        Field("first", "The first day of its first sprint", "day", needed=True),
        Field("people", "Who is there: a line each, as Ada: 1 1 .5 1 1 1 | parts Ada says she knows", needed=True),
        Field("light", "Light weeks, as 3: .5 engineers explore; 5: .8 customer visits", "line"),
        Field("exploration", "Exploration that was agreed on, in per cent", "number"),
    ),
    page="plan",
)
SCENARIO = Kind(
    name="scenario",
    title="Scenario",
    question="What would make us choose this one?",
    fields=(
        Field("title", "What it is called", "line", needed=True),
        Field("away", "Who is away: a line each, as Ada: 2026-03-02 2026-03-16, the first days of those sprints"),
        Field("scope", "Other sizes: a line each, as Checkout deposits: 1.5 for half as much again"),
        Field("begins", "Other beginnings: a line each, as Checkout deposits: 2026-03-16"),
        Field("exploration", "Exploration, in per cent", "number"),
        Field("said", "What the forecast said when it was kept"),
    ),
    page="plan",
)
DEVIATION = Kind(
    name="deviation",
    title="Deviation",
    question="What did we learn that we could not know when we planned?",
    fields=(
        Field("what", "What differs from the plan", "line", needed=True),
        Field("why", "Why", needed=True),
        Field("rock", "The big rock it is about", "entry"),
        Field("sprint", "The first day of the sprint", "day"),
    ),
    page="plan",
)
BURN = Kind(
    name="burn",
    title="Investment",
    question="Would we start this today?",
    fields=(
        Field("title", "What is invested in", "line", needed=True),
        Field("pain", "What it costs us as it is"),
        Field("low", "Person-days it takes: at least", "number"),
        Field("likely", "Person-days it takes: about", "number"),
        Field("high", "Person-days it takes: at most", "number"),
        Field("saves_low", "Person-days a week it gives back: at least", "number"),
        Field("saves_likely", "Person-days a week it gives back: about", "number"),
        Field("saves_high", "Person-days a week it gives back: at most", "number"),
        Field("metric", "The number in which it should show", "metric"),
        Field("sure", "How sure we are", "choice", choices=("a guess", "fairly sure", "measured")),
        Field("says", "Who says so", "line"),
        STATE,
        Field("since", "The day it was done", "day"),
        Field("took", "Person-days it took", "number"),
        Field("saved", "Person-days a week it gave back", "number"),
        Field("came", "What came of it"),
    ),
    page="plan",
)
CAPABILITY = Kind(
    name="capability",
    title="Capability",
    question="Which one makes the next two cheaper?",
    fields=(
        Field("what", "What we could do then", "line", needed=True),
        Field("unlocks", "What that unlocks", needed=True),
        Field("goal", "The goal it serves", "line"),
        Field("low", "Sprints it takes: at least", "number"),
        Field("high", "Sprints it takes: at most", "number"),
        Field("owner", "Who volunteered to see to it", "line"),
        STATE,
    ),
    page="hour",
)
TOOL = Kind(
    name="tool",
    title="Tool",
    question="What would we stop paying for?",
    fields=(
        Field("what", "What we ask for", "line", needed=True),
        Field("why", "What we do without it today", needed=True),
        Field("cost", "What it costs, and for how long", "line"),
        Field("low", "Hours a month it may give back: at least", "number"),
        Field("high", "Hours a month it may give back: at most", "number"),
        Field("owner", "Who volunteered to see to it", "line"),
        STATE,
        Field("came", "What came of it"),
    ),
    page="hour",
)
PICTURE = Kind(
    name="picture",
    title="Picture",
    question="What would somebody miss who cannot see it?",
    fields=(
        Field("shows", "What the picture shows, for whoever cannot see it", "line", needed=True),
        Field("picture", "The picture", "picture", needed=True),
    ),
    page="prepare",
)
DRAFT = Kind(
    name="draft",
    title="Draft",
    question="What is still missing?",
    fields=(
        Field("of", "The kind of entry it will be", "line", needed=True),
        Field("entry", "The entry it changes", "entry"),
        Field("version", "The version of it that was read", "number"),
        Field("answers", "What was typed so far", needed=True),
    ),
)
WEEK = Field("day", "A day of the week whose demo tells it", "day", needed=True)
IS_SHOWN = Field("shown", "Whether the demo shows it", "choice", needed=True, choices=("shown", "hidden"))
STORY = Kind(
    name="story",
    title="Story",
    question="What can somebody do now that they could not do before?",
    fields=(
        Field("title", "What somebody can do now", "line", needed=True),
        Field("why", "Why it mattered, in two lines"),
        Field("thanks", "With thanks to", "line"),
        Field("was", "How it was before, in a few words or a number with its range", "line"),
        Field("now", "How it is now, in as few words", "line"),
        Field("metric", "The number it shows in, where nothing stands above", "metric"),
        Field("url", "Where it can be seen: an address", "line"),
        Field("more", "What else to say; it stands in the speaker's notes alone"),
        Field("picture", "A picture: a screenshot, a photo", "pictured"),
        WEEK,
        Field("order", "Its place in the order, 1 is first", "number"),
        IS_SHOWN,
    ),
    page="prepare",
)
FINDING = Kind(
    name="finding",
    title="Finding",
    question="What do they do instead today?",
    fields=(
        Field("what", "What a customer said, or what we found", "line", needed=True),
        Field("theme", "What it is about, in a word or two", "line"),
        Field("url", "The bug or issue it belongs to: an address", "line"),
        WEEK,
        Field("more", "What else is worth knowing"),
        IS_SHOWN,
    ),
    page="prepare",
)
LESSON = Kind(
    name="lesson",
    title="Lesson",
    question="What in the system made it likely?",
    fields=(
        Field("what", "What we could have done better, about the system", "line", needed=True),
        WEEK,
        Field("more", "What else is worth knowing"),
        IS_SHOWN,
    ),
    page="prepare",
)
JOKE = Kind(
    name="joke",
    title="Bad joke",
    question="Is it at nobody's cost?",
    fields=(
        Field("what", "The week's bad joke", "line", needed=True),
        WEEK,
        IS_SHOWN,
    ),
    page="prepare",
)
QUERY = Kind(
    name="query",
    title="Saved query",
    question="What would we do differently if the answer surprised us?",
    fields=(
        Field("title", "What it answers", "line", needed=True),
        Field("sql", "The SELECT", needed=True),
        Field("more", "How to read the answer"),
    ),
    page="console",
)
KINDS = (
    NOTE,
    TOPIC,
    HOUR,
    SAID,
    LOOK_BACK,
    DECISION,
    FOLLOW_UP,
    EXPERIMENT,
    GOAL,
    SPRINT_GOAL,
    ORDER,
    SUGGESTION,
    GUT_CHECK,
    OFFER,
    ROCK,
    CAPACITY,
    SCENARIO,
    DEVIATION,
    BURN,
    CAPABILITY,
    TOOL,
    STORY,
    FINDING,
    LESSON,
    JOKE,
    QUERY,
)
BESIDE = (PICTURE, DRAFT)  # what stands beside entries: not listed with them, nor read along with everything
LINES = {"said"}  # kinds of a line each, listed where they were written or when they are looked for
SUGGESTED_ON = ("goal", "rock")  # kinds whose entries anybody may suggest a change to


BEYOND = 1e6  # no count of days, items or hours that anybody plans with
OVER = {"done", "let go", "there", "taken", "declined"}
ENDS = {"experiment": "learned", "sprint_goal": "ended"}  # what is written down last
SPANS = {
    "note": ("since", "until"),
    "decision": ("since", ""),
    "experiment": ("start", "end"),
}  # the days they are about
BY_NAME = {one.name: one for one in KINDS}
EVERY = BY_NAME | {one.name: one for one in BESIDE}


def kind(name: str) -> Kind:
    """Return a kind by its name. Raises KeyError when there is none."""
    return EVERY[name]


def title(entry: Entry) -> str:
    """Return what an entry is called: its first answer, its kind where that is not there."""
    its = EVERY.get(entry.kind)
    return str(entry.answers.get(its.fields[0].name) or its.title) if its else entry.kind


def number(answer: object) -> float | None:
    """Return a number that was answered, None for what is none or beyond all sense."""
    return float(answer) if isinstance(answer, (int, float)) and abs(answer) < BEYOND else None


def about(entries: Iterable[Entry], since: date, until: date) -> list[tuple[date, Entry]]:
    """Return what was noted, decided or tried from one day up to another (excluded), with the day it falls on there."""
    found = [(max(first, since), entry) for first, last, entry in spans(entries) if first < until and last >= since]
    return sorted(found, key=lambda one: (one[0], one[1].seq))


def spans(entries: Iterable[Entry]) -> list[tuple[date, date, Entry]]:
    """Return what was noted, decided or tried with the first and the last day it is about, the oldest first."""
    found = [(*span(entry), entry) for entry in entries if entry.kind in SPANS]
    return sorted(found, key=lambda one: (one[0], one[2].seq))


def span(entry: Entry) -> tuple[date, date]:
    """Return the first and the last day a note, decision or experiment is about: the day it was written where it names none."""
    body, (first, last) = entry.answers, SPANS[entry.kind]
    begins = day(body.get(first)) or entry.at.date()
    return begins, max(begins, day(body.get(last)) or begins)


def over(entry: Entry) -> bool:
    """Tell if nothing is left to be looked at: it is done, reached or let go, or how it ended is written down."""
    body = entry.answers
    return bool({body.get("state"), body.get("far")} & OVER or body.get(ENDS.get(entry.kind, "")))


def superseded(entries: list[Entry]) -> dict[str, Entry]:
    """Return, by its id, what took the place of each decision that is no longer in force."""
    return {str(told): entry for entry in reversed(entries) if (told := entry.answers.get("instead"))}


def due(entries: list[Entry], day: date) -> list[Entry]:
    """Return the entries whose day has come and that are not over, those that wait longest first."""
    gone = superseded(entries)
    waiting = [
        (told, entry)
        for entry in entries
        if entry.id not in gone
        if (its := BY_NAME.get(entry.kind)) and its.due and (told := entry.answers.get(its.due))
        if told <= day.isoformat() and not over(entry)
    ]
    return [entry for _, entry in sorted(waiting, key=lambda one: (one[0], one[1].seq))]
