"""What the company's epics and some of its pull requests say about why, each in its own way; others say nothing."""

from typing import Any

from collectors.sandbox.company import THINGS
from collectors.sandbox.records import Pull, Ticket

EPICS = {  # by what an epic makes better
    "locker opening hours": "People stand before a closed locker and call the desk.",
    "deposit refunds": "Refunds are put together by hand every Friday, and some come a week late.",
    "late return fees": "The desk cannot explain a fee that the app has already taken.",
    "pickup codes": "A code that is read wrongly sends people home without their drill.",
    "invoice footers": "Each market gets its own footer so that invoices are accepted without a call.",
    "search by street": "We read the street as people write it so that the nearest locker comes first.",
    "tool reviews": "People borrow what others were glad with, and most tools have no word about them.",
    "address checks": "Every tenth parcel of spare parts comes back, and the address was wrong from the start.",
    "price rules": "A price is set in four places, and one of them is always forgotten.",
    "audit entries": "Our accountants ask for them once a quarter, and each time we search for days.",
}
PIECES = {  # by the first words of a pull request's title
    "Add": "The desk is asked for {} and has nothing to show.",
    "Show": "People look for {} and give up.",
    "Cache": "Each page asks anew for {}, though once a day is enough.",
    "Speed up": "On a slow line people leave before they see {}.",
    "Retry": "A line lost for a second loses {}.",
    "Validate": "A slip in {} is found by the desk days later.",
    "Split": "Nobody can change {} without reading all the rest.",
    "Guard": "A busy Monday morning takes {} down.",
}
TEMPLATE = "<!-- Why? One or two sentences. Leave this out if the title says it. -->\n"
SOME = 4  # of so many pull requests one says why


def epic(ticket: Ticket) -> dict[str, Any] | None:
    """Return the description of an epic as Jira Cloud tells it, in one of four forms; other issues have none."""
    thing = ticket.summary.removeprefix("Better ")
    if ticket.kind != "Epic" or thing not in THINGS:
        return None
    said, way = EPICS.get(thing, ""), THINGS.index(thing) // 3 % 4
    last = _paragraph(_text("What belongs to it stands in its stories."))
    forms = (
        [{"type": "heading", "attrs": {"level": 3}, "content": [_text("Why")]}, _paragraph(_text(said)), last],
        [_paragraph(_text("Why:", "strong"), _text(f" {said}")), last],
        [_paragraph(_text(f"Nothing new is built. {said}")), last],
        [last],
    )
    return {"type": "doc", "version": 1, "content": forms[way if said else 3]}


def piece(pull: Pull) -> str:
    """Return the text of a pull request: one of four says why, in one of three forms, the others leave the template as it is."""
    verb = next((verb for verb in PIECES if pull.title.startswith(f"{verb} ")), None)
    turn, way = divmod(pull.ident, SOME)
    if verb is None or way or pull.reverts or pull.quick:
        return "" if pull.author in {None, "renewbot"} else TEMPLATE
    said = PIECES[verb].format(pull.title.removeprefix(f"{verb} "))
    forms = (
        f"## Why\n\n{said}\n\n## How to try it\n\nOpen the page in preprod.\n",
        f"**Why:** {said}\n\n- [ ] tried on a phone\n- [x] tried on a desk\n",
        f"We do this because {said[0].lower()}{said[1:]}\n",
    )
    return TEMPLATE + forms[turn % len(forms)]


def _text(words: str, *marks: str) -> dict[str, Any]:
    marked = {"marks": [{"type": mark} for mark in marks]} if marks else {}
    return {"type": "text", "text": words, **marked}


def _paragraph(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": list(content)}
