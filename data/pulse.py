"""The pulse: three sentences, once a month, and how many people find each of them true. Nobody's answer is kept.

What is kept is, for every month and sentence, how often each answer was given. Which answers came from one person, when they
came and in which order is nowhere, so nobody can find it out. A code lets one person answer once; the write that counts the
answers forgets the code. Of a month nothing is told before it is closed.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from data.errors import CairnError
from data.journal import Journal

ITEMS = {  # what people say how true it is
    "focus": "I could focus when I needed to",
    "ease": "Getting a new service is easy",
    "calm": "Interruptions were manageable",
}
SCALE = ("not at all", "hardly", "partly", "mostly", "fully")
FEWEST = 5  # people; of fewer nothing is told
LASTS = timedelta(weeks=2)
Counts = Mapping[str, tuple[int, ...]]  # of every item, how often each answer of SCALE was given

TABLES = sa.MetaData()
PULSES = sa.Table(
    "pulses",
    TABLES,
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("asked", sa.Integer, nullable=False),
)
CODES = sa.Table(
    "pulse_codes",
    TABLES,
    sa.Column("mark", sa.String(64), primary_key=True),
    sa.Column("month", sa.String(7), nullable=False),
)
COUNTS = sa.Table(
    "pulse_counts",
    TABLES,
    sa.Column("month", sa.String(7), primary_key=True),
    sa.Column("item", sa.String(40), primary_key=True),
    sa.Column("answer", sa.Integer, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
)


@dataclass(frozen=True)
class Asking:
    """A pulse that is still open: its month, the last day for answers, how many were asked and how many have answered."""

    month: str
    until: date
    asked: int
    answered: int


class Pulse:
    """The pulses of a company, in the database of its journal. Raises CairnError in words when it cannot be reached."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        journal.prepare(TABLES)

    def ask(self, people: int, today: date) -> tuple[str, ...]:
        """Open this month's pulse and return a code for each of so many people. They are told once and kept nowhere."""
        month = f"{today:%Y-%m}"
        if people < FEWEST:
            raise CairnError(
                f"A pulse of fewer than {FEWEST} people would give them away, so none was begun.\nAsk another team to join."
            )
        codes = tuple(secrets.token_urlsafe(9) for _ in range(people))
        with self.journal.writing() as connection:
            if connection.execute(sa.select(PULSES).where(PULSES.c.month == month)).first():
                raise CairnError(
                    f"There is a pulse of {month} already, so none was begun. The next can begin next month."
                )
            connection.execute(CODES.delete())  # whoever did not answer the last one
            self._begin(connection, month, today + LASTS, people)
            connection.execute(CODES.insert(), [{"mark": _mark(code), "month": month} for code in codes])
        return codes

    def answer(self, code: str, answers: Mapping[str, int], today: date) -> None:
        """Count the answers of one person, as places in SCALE, and forget the code. Items may be left out.

        Raises CairnError for a code that is not known, was used, or whose pulse is closed.
        """
        if not set(answers) <= set(ITEMS) or not all(answer in range(len(SCALE)) for answer in answers.values()):
            raise CairnError("These are no answers to this pulse, so nothing was counted. Answer on the page.")
        with self.journal.writing() as connection:
            asked = _asked(connection, code, today)
            connection.execute(CODES.delete().where(CODES.c.mark == _mark(code)))
            for item, answer in answers.items():
                this = (COUNTS.c.month == asked) & (COUNTS.c.item == item) & (COUNTS.c.answer == answer)
                connection.execute(COUNTS.update().where(this).values(n=COUNTS.c.n + 1))
        self._leave_no_trace()

    def check(self, code: str, today: date) -> None:
        """Raise CairnError for a code that cannot be answered with, before anybody thinks about an answer."""
        with self.journal.reading() as connection:
            _asked(connection, code, today)

    def asking(self, today: date) -> Asking | None:
        """Return the pulse that is open on a day, None when there is none."""
        with self.journal.reading() as connection:
            found = connection.execute(sa.select(PULSES).where(PULSES.c.until >= today)).first()
            if not found:
                return None
            left = sa.select(sa.func.count()).select_from(CODES).where(CODES.c.month == found.month)
            return Asking(found.month, found.until, found.asked, found.asked - connection.execute(left).scalar_one())

    def closed(self, today: date) -> list[tuple[str, Counts]]:
        """Return the pulses that are over on a day, the oldest first, each with how often every answer was given."""
        with self.journal.reading() as connection:
            months = connection.scalars(
                sa.select(PULSES.c.month).where(PULSES.c.until < today).order_by(PULSES.c.month)
            ).all()
            rows = connection.execute(sa.select(COUNTS)).all()
        n = {(row.month, row.item, row.answer): row.n for row in rows}
        answers = range(len(SCALE))
        return [(m, {item: tuple(n.get((m, item, a), 0) for a in answers) for item in ITEMS}) for m in months]

    def adopt(self, told: Iterable[tuple[str, date, Counts]]) -> None:
        """Take over pulses that were asked elsewhere: month, last day and counts. A month that is there stays as it is."""
        with self.journal.writing() as connection:
            there = set(connection.scalars(sa.select(PULSES.c.month)))
            for month, until, counts in told:
                if month not in there:
                    self._begin(connection, month, until, max(sum(those) for those in counts.values()), counts)

    def _begin(
        self, connection: sa.Connection, month: str, until: date, asked: int, counts: Counts | None = None
    ) -> None:
        connection.execute(PULSES.insert().values(month=month, until=until, asked=asked))
        connection.execute(
            COUNTS.insert(),
            [
                {"month": month, "item": item, "answer": answer, "n": counts[item][answer] if counts else 0}
                for item in ITEMS
                for answer in range(len(SCALE))
            ],
        )

    def _leave_no_trace(self) -> None:
        """Clear away what a database keeps of rows as they were before: with it, answers could be told apart."""
        engine = self.journal.engine
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
            else:
                connection.exec_driver_sql("vacuum pulse_codes, pulse_counts")


def _asked(connection: sa.Connection, code: str, today: date) -> str:
    """Return the month a code is for."""
    its = CODES.c.mark == _mark(code), PULSES.c.until >= today
    month = connection.scalar(sa.select(CODES.c.month).join(PULSES, PULSES.c.month == CODES.c.month).where(*its))
    if not month:
        raise CairnError(
            "This code is not known, was used already, or its pulse is over, so nothing was counted.\n"
            "Ask whoever began the pulse when the next one is."
        )
    return month


def _mark(code: str) -> str:
    return hashlib.sha256(code.strip().encode()).hexdigest()
