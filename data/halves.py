"""What EM and PM answer apart, in rounds: the journal hides what either gave until the round has both halves."""

from collections.abc import Iterable

from data.journal import APART, ROLE, Entry

ROLES = ("EM", "PM")
Round = dict[str, Entry]  # what each has given last, by role


def rounds(entries: Iterable[Entry]) -> dict[str, Round]:
    """Return, by what it is about, each round of some entries that come newest first, in their order."""
    found: dict[str, Round] = {}
    for entry in entries:
        body = entry.answers
        if APART in body:
            found.setdefault(str(body[APART]), {}).setdefault(str(body.get(ROLE)), entry)
    return found


def whole(given: Round) -> bool:
    """Tell if both have answered."""
    return len(given) == len(ROLES)


def waits(given: Round) -> tuple[str, str]:
    """Return who has answered in a round that is not whole, and who has not."""
    (role,) = given
    (other,) = (one for one in ROLES if one != role)
    return role, other
