"""The sandbox company: made up, but it speaks the real APIs of GitHub and Jira, and is collected like a real one."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from collectors.sandbox.stories import STORIES, Story

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["STORIES", "Story", "anchor", "app", "remember"]

MONTHS = 15


def anchor(until: date) -> date:
    """Return the Monday on which the company's life begins, seen from a day: the first one of the month fifteen months before.

    All days of one month share it. A new month has a company with another life, so what was collected before must go.
    """
    year, month = divmod(until.year * 12 + until.month - 1 - MONTHS, 12)
    first = date(year, month + 1, 1)
    return first + timedelta(days=-first.weekday() % 7)


def app(until: date, seed: int = 7) -> "Starlette":
    """Return an ASGI app that answers for the company's GitHub and Jira as of `until` 00:00 UTC; the same seed, the same bytes."""
    from collectors.sandbox.server import serve  # noqa: PLC0415 — loaded only when somebody visits the company

    return serve(anchor(until), until, seed)


def remember(until: date) -> None:
    """Write what the company had written down by a day into the sandbox's own journal."""
    from collectors.sandbox import memory  # noqa: PLC0415 — the journal needs SQLAlchemy, which takes long to load

    memory.remember(anchor(until), until)
