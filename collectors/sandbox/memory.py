"""What the company wrote down: a year of notes, decisions, experiments, follow-ups and goals that fit the table of stories.

It goes into the sandbox's own journal and into no other. What somebody wrote there meanwhile stays.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from collectors.sandbox import demos
from collectors.sandbox.company import PREHISTORY, season
from collectors.sandbox.feelings import pulses
from collectors.sandbox.planning import planned
from collectors.sandbox.stories import STORIES, Story, span
from collectors.sandbox.tickets import EPIC, epic_title
from data.entry import Entry
from data.journal import journal
from data.pulse import Pulse

HELD = 64.1  # the week of the strategy hour that was held last
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
    told = [
        *_decided(first),
        *_noted(first),
        *_followed(first),
        *_tried(first),
        *_offered(first),
        *_asked(first),
        *_felt(first),
        *_planned(first),
    ]
    told += [*_headed(first), *_ordered(first), *_sprinted(first), *_suggested(first), *_shown(first), *_talked(first)]
    by_then = [one for one in told if one.at.date() <= until]
    return sorted(by_then, key=lambda one: (one.at, one.id))


def _at(first: date, week: float) -> date:
    """Return a day of the company's life: 3.2 is the Tuesday, 3.5 the Friday of its fourth week."""
    return first + timedelta(weeks=int(week), days=max(0, round(week % 1 * 10) - 1))


def _id(first: date, name: str) -> str:
    return MADE_UP + hashlib.sha256(f"{first}/{name}".encode()).hexdigest()[:24]


def _entry(first: date, name: str, kind: str, author: str, *versions: Version) -> Iterator[Entry]:
    """Yield the versions of an entry, each with the week it was written in; a later one adds to the one before.

    A version that somebody else wrote says who under `by`.
    """
    body: dict[str, Any] = {}
    for number, (week, words) in enumerate(versions, 1):
        body = {field: value for field, value in {**body, **words}.items() if value not in (None, "") and field != "by"}
        at = datetime.combine(_at(first, week), time(8, 30 + number))
        yield Entry(_id(first, name), number, number - 1, kind, body, words.get("by", author), at)


def _shown(first: date) -> Iterator[Entry]:
    for name, kind, author, week, words in demos.told(first):
        yield from _entry(first, name, kind, author, (week, {**words, "day": f"{_at(first, week)}"}))


def _talked(first: date) -> Iterator[Entry]:
    """Yield a strategy hour that was held, and an incident that was looked back on."""
    day, item = _at(first, HELD), "Architecture across teams"
    told = {"title": f"{day.day} {day:%b %Y}", "begun": f"{day}T08:00:00", "ended": f"{day}T09:00:00"}
    yield from _entry(first, "hour", "hour", "Inu", (HELD, told))
    for place, what in enumerate(
        ("Search waits at its border with the catalogue", "Nobody beside Tovi releases ledger yet")
    ):
        said = {"what": what, "item": item, "hour": _id(first, "hour")}
        yield from _entry(first, f"said_{place}", "said", "Inu", (HELD, said))
    yield from _entry(
        first, "silence", "look_back", "Wrena",
        (34.2, {
            "what": "Three days of deployments left no trace", "helped": "The desk knew from the invoices what had gone out",
            "easy": "Whatever hears nothing looks like a quiet day", "surprised": "Nobody had missed them",
            "learned": "What tells us of everything else has to tell us of its own silence.",
        }),
    )  # fmt: skip


def _felt(first: date) -> Iterator[Entry]:
    talks = (
        (
            56.1,
            {"well": "Fewer bugs since releases are rehearsed", "uneasy": "Reviews of search wait again", "sure": "mid", "talk": "Who could learn search"},
            {"well": "Customers ask less about deposits", "uneasy": "I cannot say yet when the ledger closes in a day", "sure": "low", "talk": "What we promise for the new year"},
        ),
        (
            60.1,
            {"well": "Mornings begin with reviews", "uneasy": "Two big rocks lean on one person", "sure": "mid", "talk": "Ledger, if Tovi rests"},
            {"well": "The desk feels heard", "uneasy": "Nothing in particular", "sure": "mid", "talk": "Which rock we would let go first"},
        ),
    )  # fmt: skip
    for week, em, pm in talks:
        for role, author, words in (("EM", "Mara", em), ("PM", "Noro", pm)):
            about = {"apart": f"{_at(first, week):%-d %b %Y}", "role": role}
            yield from _entry(first, f"gut_{week}_{role}", "gut_check", author, (week, {**about, **words}))


def _offered(first: date) -> Iterator[Entry]:
    words = {"what": "mobile-app src/totals", "how": "An hour on how totals come about, side by side."}
    yield from _entry(first, "offer_totals", "offer", "Quill", (60.2, words))


def _asked(first: date) -> Iterator[Entry]:
    words = {
        "title": "Where do pull requests stay open for long?",
        "sql": """select repo, count(*) as n, max(date_diff('day', opened_at, now()::timestamp)) as oldest_days
from pull_requests
where state = 'open' and bot is not true
group by repo
order by oldest_days desc""",
        "more": "Old ones are mostly forgotten, and somebody may be glad to hear that they can be closed.",
    }
    yield from _entry(first, "open_for_long", "query", "Inu", (58.2, words))


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


GOALS: dict[str, tuple[dict[str, Any], tuple[Version, ...]]] = {  # what each is and where it leads, and what was said of it when
    "search_half_day": (
        {
            "destination": "A change to search is looked at within half a day", "horizon": "short", "metric": "pickup_time",
            "area": "search", "way": "down", "stones": ("SHOP", 62), "why": "Who waits begins something else, and comes back to it late.",
        },
        (
            (57.4, {"far": "not begun", "sure": "mid", "because": "Two of us are new and still learn by reviewing"}),
            (60.4, {"far": "on the way", "changed": "Half a day now means of our working hours, as was suggested."}),
            (62.3, {
                "sure": "low", "because": "Mornings did not bring it, and the shared hour has only begun",
                "changed": "Mornings were not enough; an experiment with a shared hour runs.",
            }),
        ),
    ),
    "no_surprise": (
        {
            "destination": "A large release of checkout surprises nobody", "horizon": "short", "metric": "bugs_opened", "area": "checkout",
            "way": "stay as it is", "stones": ("SHOP", 52, "Rehearsal notes of the service desk"), "why": "The wave of the spring took four weeks.",
        },
        (
            (50.2, {"far": "on the way", "sure": "mid", "because": "One rehearsal is planned, and nobody has done one before"}),
            (60.1, {
                "far": "nearly there", "sure": "high", "because": "Two rehearsed releases went out without a wave",
                "changed": "The second release was rehearsed with the desk, and the desk led it.",
            }),
        ),
    ),
    "by_hand": (
        {
            "destination": "Nobody writes a request to get a new service", "horizon": "short", "metric": "requests", "way": "down",
            "stones": ("OPS", 52, ("OPS", 62)), "why": "A day of waiting for five minutes of work, at both ends.",
        },
        (
            (36.2, {"far": "on the way", "sure": "mid", "because": "Most come by the Workflow, and we do not know yet why some do not"}),
            (60.2, {
                "far": "nearly there", "sure": "high", "because": "The Workflow asks for the database now, which was the reason",
                "changed": "What still comes by hand is asked for once and then never again.",
            }),
        ),
    ),
    "pairs_known": (
        {
            "destination": "We know if reviewing in pairs is worth its hour", "horizon": "short", "metric": "pickup_time", "area": "mobile-app",
            "way": "down", "why": "Two weeks could not tell.",
        },
        ((61.2, {"far": "not begun", "sure": "mid", "because": "It waits for a quarter without a large release"}),),
    ),
    "second_head": (
        {
            "destination": "Two of us release ledger as a matter of course", "horizon": "mid", "metric": "thinly_known_share", "way": "down",
            "stones": ("PAY", 62), "why": "When one is away, invoices wait.",
        },
        ((52.3, {"far": "not begun", "sure": "low", "because": "Nobody was found yet who would like to learn it", "review": 62.1}),),
    ),
    "same_day": (
        {
            "destination": "What is merged reaches customers on the same day", "horizon": "mid", "metric": "change_lead_time", "way": "down",
            "stones": ("OPS", 42, f"platform {season(62)}", ("OPS", 62)), "why": "What is learned late is learned twice.",
        },
        (
            (42.2, {"far": "on the way", "sure": "mid", "because": "It holds for most, and not for what goes by the weekly train"}),
            (58.2, {"sure": "low", "because": "What waits for review waits longer now", "changed": "Reviews of search begin to wait."}),
        ),
    ),
    "found_by_us": (
        {
            "destination": "A bug of the shop is met by us before customers meet it", "horizon": "mid", "metric": "escaped_bugs", "way": "down",
            "why": "They write once, and then they go elsewhere.",
        },
        ((48.2, {"far": "not begun", "sure": "mid", "because": "We only count them since the spring"}),),
    ),
    "second_week": (
        {
            "destination": "A new colleague changes any part of the shop in their second week", "horizon": "long",
            "why": "The company grows, and what it knows should not shrink to a few heads.",
        },
        ((55.2, {"far": "on the way", "sure": "mid", "because": "Both new colleagues did so in search; nobody has tried it in ledger"}),),
    ),
    "nothing_to_say": (
        {
            "destination": "A release is nothing to speak of", "horizon": "long", "metric": "deployment_frequency", "way": "up",
            "stones": ("PAY", 42), "why": "Small ones can be taken back before anybody meets them.",
        },
        ((30.2, {"far": "on the way", "sure": "high", "because": "Most of the shop goes out daily, and the books can follow"}),),
    ),
    "open_it": (
        {
            "destination": "People open a service themselves", "horizon": "mid", "metric": "requests", "way": "down",
            "why": "The requests are alike, and a Workflow does not wait.",
        },
        (
            (4.2, {"far": "on the way", "sure": "mid", "because": "The Workflow is begun, and nobody has seen it yet"}),
            (30.1, {"far": "there", "sure": "high", "because": "Four of five came by the Workflow in its sixth week"}),
        ),
    ),
}  # fmt: skip
ORDERS = {  # by horizon: who gave which order when; the PM's of the goals of this year is still to come
    "short": (
        (63.1, "EM", "Noro", ("search_half_day", "pairs_known", "no_surprise", "by_hand")),
        (63.2, "PM", "Roa", ("by_hand", "search_half_day", "no_surprise", "pairs_known")),
    ),
    "mid": ((64.2, "EM", "Noro", ("second_head", "same_day", "found_by_us")),),
}
SPRINT_GOALS: dict[float, tuple[dict[str, Any], ...]] = {  # by the week they begin in; both write on each
    58.1: (
        {"goal": "Deposits cost the same in the app and in the shop", "why": "The desk explains the difference every day."},
        {"by": "Roa", "ended": "we got there", "came": "The desk noticed before we told them."},
    ),
    60.1: (
        {"goal": "No change to search waits over a weekend", "why": "Mondays begin with what nobody remembers.", "of": "search_half_day"},
        {"by": "Roa", "why": "Mondays begin with what nobody remembers, and customers wait for two of them."},
        {"ended": "part of the way", "came": "Mornings held until Wednesday, then the week took over."},
    ),
    62.1: (
        {"goal": "The shared hour for reviews has begun, and everybody knows when", "why": "It needs the whole quarter to tell.", "of": "search_half_day"},
        {"by": "Roa", "ended": "we got there", "came": "Eleven, every day. The calendar says so."},
    ),
    64.1: (
        {"goal": "Somebody beside Tovi has released ledger once", "why": "Whoever has done it once can say if they would like to.", "of": "second_head"},
        {"by": "Roa", "why": "Whoever has done it once can say if they would like to, before the quiet fortnight."},
        {"ended": "we went elsewhere", "came": "The audit asked for the books first. It is planned again."},
    ),
    66.1: ({"goal": "The rota of payments runs without the old list", "why": "Two lists were asked at night, and they differed."},),
}  # fmt: skip
SUGGESTIONS: dict[str, tuple[float, str, str, dict[str, str], tuple[Version, ...]]] = {  # when, who, to which goal, what and why, and the answer
    "working_hours": (
        59.3, "Kofa", "search_half_day",
        {"what": "Say half a day of our working hours", "why": "By the clock a change of Friday afternoon is late on Saturday."},
        ((60.3, {"by": "Noro", "state": "taken", "reason": "Nights are nobody's to review in."}),),
    ),
    "last_tenth": (
        61.4, "Bram", "by_hand",
        {"what": "Let it go as it is", "why": "The last tenth costs more than it gives."},
        ((62.2, {"by": "Roa", "state": "declined", "reason": "The last tenth are those who wait longest, and one change served most of them."}),),
    ),
    "leave_train": (63.4, "Lumi", "same_day", {"what": "Leave invoicing and ledger out of it", "why": "Their train waits a week on purpose."}, ()),
    "unwaited": (64.3, "Odi", "search_half_day", {"what": "Leave updates of libraries out of it", "why": "Nobody waits for those."}, ()),
    "which_part": (64.5, "Wrena", "second_week", {"what": "Say which parts, one after the other", "why": "Ledger is another thing than the storefront."}, ()),
}  # fmt: skip
FIRST_SPRINT, FORTNIGHT = date(2024, 1, 1), 14  # when the sprint numbered 0 began, and how many days each takes


def _headed(first: date) -> Iterator[Entry]:
    for name, (told, versions) in GOALS.items():
        stones = ", ".join(_stones(told["stones"])) if "stones" in told else ""
        later = [(week, {**said, "review": f"{_at(first, said.get('review', 70.1))}"}) for week, said in versions]
        begun = (later[0][0], {**told, "stones": stones, **later[0][1]})
        yield from _entry(first, f"goal_{name}", "goal", "Noro", begun, *later[1:])


def _stones(told: tuple[Any, ...]) -> Iterator[str]:
    """Yield the names of some stones: the epic a project has in a week, others by their words, and the epics after them."""
    project, week, *others = told
    yield f"{project} {epic_title(project, int((week + PREHISTORY) // EPIC + 1))}"
    for other in others:
        yield from [other] if isinstance(other, str) else _stones(other)


def _ordered(first: date) -> Iterator[Entry]:
    for horizon, given in ORDERS.items():
        for week, role, author, names in given:
            told = {"apart": f"{horizon} goals, round 1", "role": role}
            goals = " ".join(_id(first, f"goal_{name}") for name in names)
            yield from _entry(first, f"order_{role}_{horizon}", "order", author, (week, {**told, "goals": goals}))


def _sprinted(first: date) -> Iterator[Entry]:
    for week, (begun, *later) in SPRINT_GOALS.items():
        number = (_at(first, week) - FIRST_SPRINT).days // FORTNIGHT
        ends = FIRST_SPRINT + timedelta(days=FORTNIGHT * number + 11)
        told = {**begun, "sprint": f"Sprint {number}", "until": f"{ends}"}
        if "of" in told:
            told["of"] = _id(first, f"goal_{told['of']}")
        versions = [(week + 0.1 + (2 if "ended" in said else 0), said) for said in later]
        yield from _entry(first, f"sprint_{week}", "sprint_goal", "Noro", (week, told), *versions)


def _suggested(first: date) -> Iterator[Entry]:
    for name, (week, author, goal, told, answer) in SUGGESTIONS.items():
        day = f"{_at(first, int(week) + 5.1)}"
        begun = {**told, "on": _id(first, f"goal_{goal}"), "state": "open", "day": day}
        yield from _entry(first, f"suggested_{name}", "suggestion", author, (week, begun), *answer)
