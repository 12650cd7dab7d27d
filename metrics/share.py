"""What to share next: the parts of the system that one person or nobody knows and that change most. Parts, never people."""

from dataclasses import dataclass
from datetime import date

from data import query

THIN = 1  # people
THINLY_KNOWN = """
select concat(split_part(k.repo, '/', -1), ' ', k.component) as what, url, depth, changes
from knowledge k
left join components c on c.id = k.component_id
where k.month = $month::date and depth <= $thin and history >= 6
order by changes desc, what
"""


@dataclass(frozen=True)
class Part:
    """A part of the system, how many people knew it when a month ended, and its changes in the twelve months before."""

    what: str
    url: str | None
    depth: int
    changes: int


def thinly_known(month: date) -> list[Part]:
    """Return the parts that one person or nobody knew as a month ended, those that change most first: what to share next."""
    found = query(THINLY_KNOWN, {"month": month, "thin": THIN})
    return [Part(what, url, int(depth), int(changes)) for what, url, depth, changes in found.itertuples(index=False)]
