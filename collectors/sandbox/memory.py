"""What the company wrote down: a year of notes, decisions, experiments and follow-ups that fit the table of stories.

It goes into the sandbox's own journal and into no other. What somebody wrote there meanwhile stays.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from collectors.sandbox.feelings import pulses
from collectors.sandbox.planning import planned
from collectors.sandbox.stories import STORIES, Story, span
from data.journal import Entry, journal
from data.pulse import Pulse

MADE_UP = "marrowby-"  # how the ids of what is told here begin
Version = tuple[float, dict[str, Any]]  # the week it was written in, and what it adds
STORY = {story.name: story for story in STORIES}
EXPERIMENTS = {  # what was written down before each of them began; the table says how they end
    "experiment_worked": {
        "author": "Lumi", "change": "keeping pull requests under two hundred lines", "whom": "everybody who works on the catalogue",
        "outcome": "reviews that end on the day they begin", "because": "a short text is read at once and a long one put off",
        "metric": "review_time", "matters": 5, "guards": "Bugs opened",
        "mind": "Reviews that take as long as before, or more bugs",
        "learned": "Short ones are read between two other things. We keep it.",
    },
    "experiment_failed": {
        "author": "Bram", "change": "merging at a fixed hour", "whom": "the storefront", "outcome": "approved work that waits less to be merged",
        "because": "everybody would know when to be there", "metric": "merge_time", "matters": 60, "guards": "Change fail rate",
        "mind": "A merge time that stays as it is",
        "learned": "Nobody waited for the hour, and nothing waited less. We let it go, and lost nothing by it.",
    },
    "experiment_too_short": {
        "author": "Kofa", "change": "reviewing in pairs", "whom": "the mobile app", "outcome": "first reviews that come sooner",
        "because": "two set an hour aside and one does not", "metric": "pickup_time", "matters": 20, "guards": "",
        "mind": "A first review that comes no sooner",
        "learned": "Two weeks bring too few pull requests to tell. The next one runs a quarter.",
    },
}  # fmt: skip

COMES_FROM = {
    "ledger_page": "train",
    "old_requests": "provision_it",
    "desk": "rehearse",
    "pairs": "experiment_too_short",
}


def remember(first: date, until: date) -> None:
    """Write what the company knew by a day into its journal, once. What was told of another life is taken back."""
    kept = journal("sandbox")
    there = {(one.id, one.version) for one in kept.everything()}
    known = written(first, until)
    told, ours = [one for one in known if (one.id, one.version) not in there], {one.id for one in known}
    gone = [one for one in kept.entries() if one.id.startswith(MADE_UP) and one.id not in ours]
    at = datetime.combine(until, time(), UTC).replace(tzinfo=None)
    back = [Entry(one.id, one.version + 1, one.version, one.kind, None, one.author, at) for one in gone]
    if back or told:
        kept.adopt([*back, *told])
    Pulse(kept).adopt(pulses(first, until))


def written(first: date, until: date) -> list[Entry]:
    """Return every version of every entry the company had by a day, the oldest first; the same days, the same words."""
    told = [*_decided(first), *_noted(first), *_followed(first), *_tried(first), *_offered(first), *_planned(first)]
    by_then = [one for one in told if one.at.date() <= until]
    return sorted(by_then, key=lambda one: (one.at, one.id))


def _at(first: date, week: float) -> date:
    """Return a day of the company's life: 3.2 is the Tuesday, 3.5 the Friday of its fourth week."""
    return first + timedelta(weeks=int(week), days=max(0, round(week % 1 * 10) - 1))


def _id(first: date, name: str) -> str:
    return MADE_UP + hashlib.sha256(f"{first}/{name}".encode()).hexdigest()[:24]


def _entry(first: date, name: str, kind: str, author: str, *versions: Version) -> Iterator[Entry]:
    """Yield the versions of an entry, each with the week it was written in; a later one adds to the one before."""
    body: dict[str, Any] = {}
    for number, (week, words) in enumerate(versions, 1):
        body = {field: value for field, value in {**body, **words}.items() if value not in (None, "")}
        at = datetime.combine(_at(first, week), time(8, 30 + number))
        yield Entry(_id(first, name), number, number - 1, kind, body, author, at)


def _offered(first: date) -> Iterator[Entry]:
    words = {"what": "mobile-app src/totals", "how": "An hour on how totals come about, side by side."}
    yield from _entry(first, "offer_totals", "offer", "Quill", (60.2, words))


def _noted(first: date) -> Iterator[Entry]:
    def note(name: str, week: float, sort: str, what: str, until: float | None = None) -> Iterator[Entry]:
        days = {"since": f"{_at(first, week)}", "until": f"{_at(first, until)}" if until else ""}
        return _entry(first, name, "note", "Inu", (until or week, {"what": what, "sort": sort, **days}))

    yield from note("rota", 6.1, "other", "Payments begins its own rota for incidents")
    yield from note(
        "found_in", 20.1, "definition change", "Bugs that customers find are marked as such in Jira from here on"
    )
    yield from note("provision", 24.1, "release", "'Provision service' opens for everybody")
    yield from note(
        "recorder", 33.2, "incident", "The recorder was down: what was deployed and run left no trace", 33.4
    )
    yield from note("checkout_4", 44.1, "release", "Checkout 4 goes out with the new deposit rules")
    yield from note("offsite", 52.1, "holiday", "Two days by the lake", 52.2)
    yield from note("new_colleagues", 54.1, "other", "Two colleagues join search; both learn by reviewing")


def _decided(first: date) -> Iterator[Entry]:
    def days(review: float, since: float) -> dict[str, str]:
        return {"review": f"{_at(first, review)}", "since": f"{_at(first, since)}"}

    def decision(name: str, author: str, *versions: Version) -> Iterator[Entry]:
        return _entry(first, name, "decision", author, *versions)

    yield from decision(
        "provision_it", "Quill",
        (3.2, {
            "title": "Let people open a service themselves", "owner": "Quill", "metric": "requests", **days(36.1, 24.1),
            "context": "Every new service waits some days for a request to be seen to.",
            "options": "A second pair of hands for the requests; a form that fills the request in.",
            "why": "The requests are alike, and a Workflow does not wait.", "expected": "Far fewer requests by hand",
        }),
        (36.1, {"review": f"{_at(first, 80.1)}"}),
    )  # fmt: skip
    yield from decision(
        "train", "Tovi",
        (10.1, {
            "title": "Invoicing and ledger go out by a weekly train", "owner": "Tovi", "metric": "deployment_frequency", **days(30.1, 11.1),
            "why": "Both books have to be closed before either changes.", "options": "Each by itself, as before.",
        }),
        (30.1, {"review": f"{_at(first, 76.1)}"}),
    )  # fmt: skip
    yield from decision(
        "hold", "Mara",
        (45.3, {
            "title": "No further release of checkout until the bugs of the last one are seen to", "owner": "Mara",
            "metric": "bugs_opened", **days(50.1, 45.4), "why": "Each repair met two others.",
            "context": "Since the large release checkout gets several times its usual bugs.",
        }),
    )  # fmt: skip
    yield from decision(
        "rehearse", "Mara",
        (50.1, {
            "title": "Large releases of checkout are rehearsed with the service desk first", "owner": "Mara",
            "metric": "bugs_opened", **days(74.1, 50.2), "instead": _id(first, "hold"),
            "why": "The desk knew on the first morning what we learned in four weeks.", "expected": "No further wave like that of the spring",
        }),
    )  # fmt: skip
    yield from decision(
        "small", "Lumi",
        (49.2, {
            "title": "Catalogue keeps its pull requests small", "owner": "Lumi", "metric": "review_time", **days(61.1, 49.2),
            "why": "The experiment of the spring: reviews end on the day they begin.", "expected": "Review time stays where it is now",
        }),
        (61.1, {"review": f"{_at(first, 78.1)}"}),
    )  # fmt: skip
    yield from decision(
        "mornings", "Odi",
        (59.1, {
            "title": "Search reads what waits for review first thing in the morning", "owner": "Odi", "metric": "pickup_time",
            **days(64.1, 59.2), "context": "Pull requests of search wait about a day for their first review.",
            "options": "A rota; fewer reviewers for each.", "why": "It costs nothing to try, and everybody knows when.",
            "expected": "A first review within half a day",
        }),
    )  # fmt: skip


def _followed(first: date) -> Iterator[Entry]:
    def follow_up(name: str, week: float, what: str, owner: str, until: float, *later: Version) -> Iterator[Entry]:
        comes_from = {"of": _id(first, COMES_FROM[name])} if name in COMES_FROM else {}
        begun = {"what": what, "owner": owner, "until": f"{_at(first, until)}", "state": "open", **comes_from}
        return _entry(first, name, "follow_up", owner, (week, begun), *later)

    done = {"state": "done"}
    yield from follow_up(
        "ledger_page", 12.1, "Write down how ledger is released, so that more of us can", "Tovi", 16.1,
        (18.1, {**done, "came": "A page, and one release done by it without its author."}),
    )  # fmt: skip
    yield from follow_up(
        "recorder_alarm", 33.5, "Let the recorder say when it hears nothing", "Wrena", 35.1,
        (36.1, {**done, "came": "It tells the channel after an hour of silence."}),
    )  # fmt: skip
    yield from follow_up(
        "old_requests", 37.1, "Ask why some still write requests for a new service by hand", "Roa", 41.1,
        (42.1, {**done, "came": "They need a database at once. The Workflow asks for it now."}),
    )  # fmt: skip
    yield from follow_up(
        "desk", 50.1, "Agree with the service desk on what a rehearsal is", "Mara", 53.1,
        (55.1, {"state": "let go", "came": "The first rehearsal made it plain; nothing more to agree on."}),
    )  # fmt: skip
    yield from follow_up("pairs", 60.2, "Plan reviews in pairs again, for a quarter this time", "Kofa", 64.2)
    yield from follow_up("second_head", 63.1, "Find who would like to learn ledger beside Tovi", "Noro", 70.1)
    talked = {
        "what": "Reviews of search begin to wait",
        "metric": "pickup_time",
        "state": "open",
        "day": f"{_at(first, 58.1)}",
    }
    said = {**done, "said": "Two of us are new and learn by reviewing; mornings would be a beginning."}
    yield from _entry(first, "talk_reviews", "topic", "Odi", (57.3, talked), (58.1, said))
    quiet = {"what": "What do we leave alone in the quiet fortnight?", "state": "open", "day": f"{_at(first, 72.1)}"}
    yield from _entry(first, "talk_quiet", "topic", "Inu", (64.3, quiet))


def _tried(first: date) -> Iterator[Entry]:
    for name, told in EXPERIMENTS.items():
        begins, ends = trial(STORY[name], first)
        plan = {field: value for field, value in told.items() if field not in {"author", "learned"}}
        plan |= {
            "area": STORY[name].place,
            "hoped": "down",
            "start": f"{begins}",
            "end": f"{ends}",
            "owner": told["author"],
        }
        week = STORY[name].weeks[0] - 1 + 0.4
        later = (ends - first).days // 7 + 1 + 0.2
        yield from _entry(
            first, name, "experiment", str(told["author"]), (week, plan), (later, {"learned": told["learned"]})
        )
    running = {
        "change": "sharing one hour for reviews each day", "whom": "search", "outcome": "first reviews that come sooner",
        "because": "what has an hour of its own is not put off", "metric": "pickup_time", "area": "search", "hoped": "down",
        "matters": 50, "guards": "Bugs opened, Throughput", "start": f"{_at(first, 62.1)}", "end": f"{_at(first, 74.1) - timedelta(days=1)}",
        "mind": "A first review that comes no sooner, or less that gets finished", "owner": "Odi",
    }  # fmt: skip
    yield from _entry(first, "experiment_running", "experiment", "Odi", (61.3, running))


def _planned(first: date) -> Iterator[Entry]:
    for name, kind, author, *versions in planned(lambda week: _at(first, week)):
        told = [
            (week, {**body, **({"rock": _id(first, body["rock"])} if "rock" in body else {})})
            for week, body in versions
        ]
        yield from _entry(first, name, kind, author, *told)


def trial(story: Story, first: date) -> tuple[date, date]:
    """Return the first and the last planned day of an experiment; what was kept afterwards was tried for twelve weeks."""
    begins, _ = span(story, first)
    _, last = story.weeks
    return begins, first + timedelta(weeks=last or story.weeks[0] + 12, days=-1)
