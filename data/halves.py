"""What EM and PM answer apart, in rounds: what either gave is hidden until the round has both halves.

An answer apart carries APART, what both answer about, and ROLE, whose it is. The journal gives out no such answer but through
the veil; its second copy alone is whole.
"""

from collections.abc import Iterable
from dataclasses import replace

from data.entry import Entry

APART, ROLE = "apart", "role"  # names of fields
ROLES = ("EM", "PM")
Round = dict[str, Entry]  # what each has given last, by role


def rounds(entries: Iterable[Entry]) -> dict[str, Round]:
    """Return, by what it is about, each round of some entries of one kind that come newest first, in their order."""
    found: dict[str, Round] = {}
    for one in entries:
        if APART in one.answers:
            found.setdefault(str(one.answers[APART]), {}).setdefault(str(one.answers.get(ROLE)), one)
    return found


def whole(given: Round) -> bool:
    """Tell if both have answered."""
    return set(ROLES) <= set(given)


def waits(given: Round) -> tuple[str, str]:
    """Return who has answered in a round that is not whole, and who has not."""
    (role,) = given
    (other,) = (one for one in ROLES if one != role)
    return role, other


def veiled(shown: Iterable[Entry], there: Iterable[Entry]) -> list[Entry]:
    """Return entries with the answers of rounds that are not whole hidden, but for what they are about and whose they are.

    `there` are the entries that tell who has answered.
    """
    those = [one for one in there if APART in one.answers]
    open_ = {
        (kind, about)
        for kind in {one.kind for one in those}
        for about, given in rounds(one for one in those if one.kind == kind).items()
        if not whole(given)
    }

    def seen(one: Entry) -> Entry:
        if (one.kind, one.answers.get(APART)) not in open_:
            return one
        return replace(one, body={name: one.answers[name] for name in (APART, ROLE) if name in one.answers})

    return [seen(one) for one in shown]


def is_veiled(one: Entry) -> bool:
    """Tell if what an entry says is hidden."""
    return APART in one.answers and set(one.answers) <= {APART, ROLE}
