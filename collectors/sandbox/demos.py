"""What the company told at its weekly demos: what the table of stories holds, and a piece or two of what went out that week."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from collectors.sandbox.company import GITHUB, PEOPLE
from collectors.sandbox.records import Pull
from collectors.sandbox.server import LIVES

FIRST = 11  # the week of the first demo
EACH = 2  # pieces of work told a week
THURSDAY = 3  # the day of the demo
AT_ONCE = ("merge", "daily")  # how what is merged reaches customers in the same week
Told = tuple[str, str, str, float, dict[str, Any]]  # name, kind, author, the week it was written in, and what it says

CAN = {  # what somebody can do after a change, by the first words of its title
    "Add": "People have {} now",
    "Show": "People see {} where they look",
    "Cache": "People wait less for {}",
    "Simplify": "Fewer steps lead to {}",
    "Speed up": "People get {} sooner",
    "Retry": "A lost connection no longer loses {}",
    "Validate": "A slip in {} is told at once",
    "Rename": "One name everywhere for {}",
    "Split": "We can change {} without touching the rest",
    "Log": "We see what becomes of {}",
    "Guard": "A busy morning no longer takes {} down",
    "Sort": "What people look for comes first in {}",
}
EVERYONE = {login for people in PEOPLE.values() for login in people}
STORIES: dict[float, dict[str, str]] = {  # by the week they were told in; all of it stands in the table of stories or in the journal
    12.4: {
        "title": "Invoicing and ledger go out together, once a week", "why": "Both books are closed before either changes.",
        "thanks": "everybody on the first train",
    },
    18.4: {
        "title": "Ledger was released without its author", "why": "A page says how.\nInvoices no longer wait when one of us is away.",
        "thanks": "Tovi, for writing it down", "more": "One release so far. The next should be somebody else's again.",
    },
    24.4: {
        "title": "Anybody opens a service by themselves", "why": "The requests were alike, and each waited some days.",
        "thanks": "Quill, and whoever tried it first", "was": "some days of waiting", "now": "6 to 12 minutes",
    },
    36.4: {
        "title": "The recorder says when it hears nothing", "why": "Three days of deployments had left no trace.", "thanks": "Wrena",
        "was": "noticed after three days", "now": "told within 1 h",
    },
    42.4: {
        "title": "A new service comes with its database", "why": "That was the reason why some still asked by hand.", "thanks": "Roa, for asking them",
        "metric": "requests",
    },
    44.4: {"title": "Checkout 4 is out, with the new deposit rules", "why": "One rule for every market.", "thanks": "Mara, Noro and Okko", "metric": "bugs_opened"},
    49.4: {
        "title": "Reviews in the catalogue end on the day they begin", "why": "Short texts are read at once. We keep it.",
        "thanks": "Lumi", "metric": "review_time",
    },
    55.4: {"title": "The desk tries a release before customers do", "why": "They know on the first morning what took us four weeks.", "thanks": "the service desk"},
    59.4: {
        "title": "Deposits cost the same in the app and in the shop", "why": "The desk explained the difference every day.", "thanks": "Kofa and Mara",
    },
    63.4: {
        "title": "Reviews of search have an hour of their own", "why": "Eleven, every day. What has an hour is not put off.", "thanks": "Odi",
        "metric": "pickup_time",
    },
}  # fmt: skip
OTHERS: dict[tuple[str, float], str] = {
    ("lesson", 33.4): "Three days of deployments left no trace, and nothing told us",
    ("lesson", 45.4): "A large release went out that the service desk had not seen",
    ("lesson", 46.4): "Each repair of checkout met two other faults",
    ("lesson", 48.4): "An hour for merging that nothing waited for ran for twelve weeks",
    ("lesson", 57.4): "Changes to search wait about a day for somebody to look",
    ("lesson", 60.4): "Two weeks of pairs were too short to tell anything",
    ("finding", 20.4): "Customers write about a bug once, and then they go elsewhere",
    ("finding", 45.4): "The desk is asked about deposits several times an hour",
    ("finding", 58.4): "Customers ask why deposits differ between the app and the shop",
    ("finding", 62.4): "Four markets wait for basket totals",
    ("finding", 64.4): "People turn push messages off, because they arrive twice",
    ("joke", 24.4): "Opening a service takes ten minutes now. Naming it still takes a sprint.",
    ("joke", 44.4): "Our ladders are like our releases: the large ones need somebody to hold them.",
    ("joke", 59.4): "We asked the drill how its day was. Boring.",
    ("joke", 65.4): "The lockers held a meeting. It was closed.",
}
THEMES = {
    20.4: "bugs",
    45.4: "deposits",
    58.4: "deposits",
    62.4: "basket",
    64.4: "messages",
}  # of the findings, by week


def told(anchor: date, seed: int = 7) -> Iterator[Told]:
    """Yield everything that was told at a demo; the same life, the same words."""
    for week, words in STORIES.items():
        yield f"demo_{week}", "story", "Inu", week, {**words, "order": 1, "shown": "shown"}
    for (kind, week), what in OTHERS.items():
        theme = {"theme": THEMES[week]} if kind == "finding" else {}
        yield f"{kind}_{week}", kind, "Inu", week, {"what": what, **theme, "shown": "shown"}
    for week, pulls in _by_week(anchor, seed):
        for place, pull in enumerate(pulls):
            yield (
                f"demo_{week}_{place}",
                "story",
                "Inu",
                week + 0.4,
                {**_piece(pull), "order": 2 + place, "shown": "shown"},
            )


def _by_week(anchor: date, seed: int) -> Iterator[tuple[int, list[Pull]]]:
    """Yield the weeks with the largest pieces of an epic that went out in them, of different parts of the shop."""
    found: dict[int, list[Pull]] = {}
    for pull in LIVES(anchor, seed).pulls:
        ticket = pull.ticket
        if pull.merged and ticket and ticket.parent and pull.service.release in AT_ONCE:
            week, weekday = divmod((datetime.fromtimestamp(pull.merged, UTC).date() - anchor).days, 7)
            if week >= FIRST and weekday < THURSDAY:
                found.setdefault(week, []).append(pull)
    for week, pulls in sorted(found.items()):
        pulls.sort(key=lambda one: (-(one.ticket.points or 0 if one.ticket else 0), one.number))
        apart = {pull.service.name: pull for pull in reversed(pulls)}
        yield week, sorted(apart.values(), key=pulls.index)[:EACH]


def _piece(pull: Pull) -> dict[str, str]:
    verb = next(verb for verb in CAN if pull.title.startswith(verb))
    epic = pull.ticket.parent.summary if pull.ticket and pull.ticket.parent else ""
    name = (pull.author or "").split("-")[0].capitalize() if pull.author in EVERYONE else ""
    return {
        "title": CAN[verb].format(pull.title.removeprefix(f"{verb} ")),
        "why": f"A piece of '{epic}', in {pull.service.name}.",
        "thanks": name,
        "url": f"{GITHUB}/{pull.service.repository}/pull/{pull.number}",
    }
