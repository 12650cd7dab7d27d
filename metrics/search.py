"""What a few typed words find: metrics, what people wrote down, and components, issues and pull requests by name and title."""

from typing import TYPE_CHECKING

from data import query
from metrics import METRICS

if TYPE_CHECKING:
    import pandas as pd

    from data.entry import Entry
    from metrics.metric import Metric

LONGEST, MOST_WORDS = 100, 6  # of what is typed; the rest is not read
EACH = 6  # of each kind

FOUND = """
with things as (
    select 'component' as kind, null::text as id, concat(split_part(repo, '/', -1), ': ', component) as what, url, null::timestamp as begun
    from components
    union all
    select
        'issue',
        id,
        concat_ws(' ', if(source = 'github', concat(split_part(project, '/', -1), ' ', key), key), title),
        url,
        created_at
    from issues
    union all
    select 'pull request', id, concat(split_part(repo, '/', -1), ' #', number, ' ', title), url, opened_at
    from pull_requests
)
select kind, id, what, url
from things
where len(list_filter($words::text[], lambda word: not contains(lower(what), word))) = 0
qualify row_number() over (
    partition by kind
    order by starts_with(lower(what), concat($words[1], ' ')) desc, begun desc nulls last, what
) <= $each
order by kind, starts_with(lower(what), concat($words[1], ' ')) desc, begun desc nulls last, what
"""


def named(typed: str) -> "list[Metric]":
    """Return the metrics whose title holds every word typed, then those of which something else said does, at most EACH."""
    words = _words(typed)
    if not words:
        return []
    title = [one for one in METRICS if _holds(one.title, words)]
    about = [one for one in METRICS if one not in title and _holds(f"{one.title} {one.name} {one.about}", words)]
    return [*title, *about][:EACH]


def things(typed: str) -> "pd.DataFrame":
    """Return the components, issues and pull requests that hold every word typed, the newest first: kind, id, what, url.

    At most EACH of a kind, an issue or pull request named outright before others. Raises NeverCollectedError without an edition.
    """
    return query(FOUND, {"words": _words(typed) or ["\0"], "each": EACH})


def written(typed: str) -> "list[tuple[Entry, str]]":
    """Return the entries of the journal that hold every word typed, each with its kind and what it is called, at most EACH."""
    from data import journal, kinds  # noqa: PLC0415 most questions need no SQLAlchemy

    words = _words(typed)
    if not words or not journal.begun():
        return []
    found = [one for one in journal.journal().find(" ".join(words)) if one.kind in kinds.BY_NAME]
    return [(one, f"{kinds.kind(one.kind).title}: {kinds.title(one)}") for one in found[:EACH]]


def _words(typed: str) -> list[str]:
    return typed[:LONGEST].lower().split()[:MOST_WORDS]


def _holds(text: str, words: list[str]) -> bool:
    return all(word in text.lower() for word in words)
