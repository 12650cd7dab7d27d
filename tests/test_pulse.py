"""A pulse tells how work feels and of nobody how they feel: not on the page, not by taking away, not in the database."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from data import CairnError
from data.journal import Journal
from data.journal import journal as ours
from data.pulse import FEWEST, ITEMS, LASTS, SCALE, Asking, Pulse
from metrics.pulse import TOGETHER, felt, waiting
from tests.test_journal import journal  # noqa: F401  a fixture
from tests.test_memory import collected, told  # noqa: F401
from tests.test_pages import open_page

TODAY = date(2026, 11, 2)
AFTER = TODAY + LASTS + timedelta(days=1)


def everything(kept: Journal) -> str:
    """Return all that stands in the tables of pulses."""
    with kept.engine.connect() as connection:
        return " ".join(
            str(tuple(row))
            for table in ("pulses", "pulse_codes", "pulse_counts")
            for row in connection.execute(sa.text(f"select * from {table}"))
        )


def test_a_code_lets_one_person_answer_once_and_is_forgotten(journal):  # noqa: F811
    pulse = Pulse(journal)
    codes = pulse.ask(FEWEST, TODAY)
    pulse.answer(codes[0], {"focus": 4, "calm": 0}, TODAY)

    for code in (codes[0], "made up", ""):
        with pytest.raises(CairnError, match="nothing was counted"):
            pulse.answer(code, {"focus": 0}, TODAY)
    with pytest.raises(CairnError, match="nothing was counted"):
        pulse.answer(codes[1], {"focus": len(SCALE)}, TODAY)
    with pytest.raises(CairnError, match="nothing was counted"):
        pulse.answer(codes[1], {"focus": 0}, AFTER)
    assert pulse.asking(TODAY) == Asking("2026-11", TODAY + LASTS, FEWEST, 1)
    assert pulse.closed(TODAY) == [], "nothing is told of a pulse that is open"
    assert pulse.asking(AFTER) is None
    assert pulse.closed(AFTER) == [("2026-11", {"focus": (0, 0, 0, 0, 1), "ease": (0,) * 5, "calm": (1, 0, 0, 0, 0)})]
    assert not any(code in everything(journal) for code in codes), "codes are kept nowhere"


def test_the_same_answers_in_another_order_leave_the_same_database(tmp_path):
    answers = [{"focus": 0, "ease": 4, "calm": 2}, {"focus": 3, "ease": 1, "calm": 2}, {"ease": 0}]
    left = []
    for order in ((0, 1, 2), (2, 0, 1)):
        kept = Journal(f"sqlite:///{tmp_path / f'{order}.db'}", tmp_path / f"{order}.jsonl")
        pulse = Pulse(kept)
        codes = pulse.ask(FEWEST, TODAY)
        for code, which in zip(codes, order, strict=False):
            pulse.answer(code, answers[which], TODAY)
        with kept.engine.connect() as connection:
            left.append(connection.execute(sa.text("select rowid, * from pulse_counts order by rowid")).all())
            columns = {one["name"] for one in sa.inspect(connection).get_columns("pulse_counts")}

    assert left[0] == left[1]
    assert columns == {"month", "item", "answer", "n"}, "there is no place for a person, a time or an order"


def test_the_log_of_the_database_keeps_no_earlier_counts(tmp_path):
    kept = Journal(f"sqlite:///{tmp_path / 'journal.db'}", tmp_path / "journal.jsonl")
    pulse = Pulse(kept)
    with kept.engine.connect() as reader:  # while it is there the log stays
        reader.execute(sa.text("select count(*) from entries")).all()
        reader.rollback()
        for code in pulse.ask(FEWEST, TODAY):
            pulse.answer(code, {"focus": 1}, TODAY)
            assert (tmp_path / "journal.db-wal").stat().st_size == 0
    assert "pulse" not in (tmp_path / "journal.jsonl").read_text(), "and the journal's second copy knows nothing of it"


def test_ten_thousand_runs_of_pulses_never_tell_of_fewer_than_five_nor_by_taking_away():
    luck = random.Random(7)
    published = 0
    for _ in range(10_000):
        closed = [
            (
                f"{2026 + month // 12}-{month % 12 + 1:02}",
                {item: tuple(luck.choice((0, 0, 1, 2, 3)) for _ in SCALE) for item in ITEMS},
            )
            for month in range(luck.randint(0, 9))
        ]
        found = felt(closed)
        counts = dict(closed)
        groups = sorted({one.months for one in found})
        published += len(found)
        assert all(len(months) == TOGETHER for months in groups)
        assert len({month for months in groups for month in months}) == TOGETHER * len(groups), (
            "no pulse is in two of them"
        )
        assert all(sum(counts[month][one.item]) >= FEWEST for one in found for month in one.months)
        assert all(0 <= one.low <= one.tenths <= one.high <= 10 for one in found)
        assert felt(closed[: len(closed) - 1]) == found[: len(felt(closed[: len(closed) - 1]))], (
            "what was told stays as it was"
        )
    assert published > 5_000


def test_three_pulses_are_told_together_and_two_are_not():
    one = dict.fromkeys(ITEMS, (1, 1, 2, 4, 2))  # ten people, six of them find it true

    assert felt([("2026-01", one), ("2026-02", one)]) == []
    assert waiting([("2026-01", one), ("2026-02", one)]) == 1
    focus = felt([("2026-01", one), ("2026-02", one), ("2026-03", one)])[0]
    # Jeffreys' interval of 6 of 10, not of 18 of 30: quantiles of Beta(6.5, 4.5) are .349 and .815
    assert (focus.tenths, focus.low, focus.high, focus.people) == (6, 3, 9, "10 to 19 people")
    assert focus.months == ("2026-01", "2026-02", "2026-03")


@pytest.mark.usefixtures("collected")
def test_a_pulse_is_begun_answered_by_its_link_and_told_when_three_are_over():
    app = open_page("pulse.py")
    next(one for one in app.button if one.label == "Begin this month's pulse").click()
    app.run()
    links = app.code[0].value.splitlines()
    app = open_page("pulse.py", code=links[0].split("=")[1])
    app.get("button_group")[-1].set_value("mostly")
    next(one for one in app.button if one.label == "Send").click()
    app.run()

    assert len(links) == FEWEST
    assert "Thank you. It is counted, and your code is forgotten." in told(app)
    assert f"1 of {FEWEST} have answered" in told(app)
    assert "nothing was counted" in told(open_page("pulse.py", code=links[0].split("=")[1]))

    today = datetime.now(UTC).date()
    days = [today - timedelta(days=40 * n) for n in (4, 3, 2)]
    Pulse(ours()).adopt((f"{day:%Y-%m}", day + LASTS, dict.fromkeys(ITEMS, (0, 1, 1, 4, 4))) for day in days)
    shown = told(open_page("pulse.py"))
    assert shown.count("About 8 in 10 found this mostly or fully true") == len(ITEMS)
    assert "the answers fit anything from 5 to 10 in 10 (10 to 19 people)" in shown
