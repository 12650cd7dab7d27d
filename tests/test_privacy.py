"""Small groups never show: not by themselves, not as what is left of larger ones, and not through another cut."""

import itertools
import random
import re
from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pytest

from data import CairnError
from metrics import METRICS, Metric, behind, parts, rows, trend
from metrics.metric import COLUMNS
from metrics.privacy import K, publishable

AREAS = ("platform", "checkout", "search", "billing", "data")
FIRST, LAST = date(2026, 1, 1), date(2027, 1, 1)

# Anything done outside working hours, by a keyed hash: the shape every private metric has.
CROWD = Metric(
    name="crowd", title="Work at odd hours", unit="of events", better="down", fold="share", about="Anything.", caution="Nothing.",
    asks=(), needs=("usage",), private=True,
    sql="""
        select happened_at, count % 2 as value, area, feature as kind, 'something' as what, null as url, user_hash as who
        from usage
    """,
)  # fmt: skip


@pytest.fixture
def crowd(nouns):
    """Return a function that publishes uses, told as (moment, area, kind, who, value), of which everything was read."""

    def published(uses):
        made = nouns()
        frame = pd.DataFrame(uses, columns=["at", "area", "kind", "who", "value"])
        with duckdb.connect(str(made.path)) as connection:
            connection.register("frame", frame)
            connection.execute(
                'insert into usage (happened_at, feature, "count", area, user_hash)'
                ' select "at"::timestamp, kind, value, area, who from frame'
            )
            connection.execute(
                "insert into sources (source, kind, stream, scope, complete_to)"
                " values ('files', 'usage', 'usage_rows', '*', '2027-01-01')"
            )
        return frame

    return published


def in_march(**people: int):
    """Return one use by each of so many people of each area, every one of them in one area alone."""
    return [
        (f"2026-03-{5 + n % 20:02}", area, "use", f"{area}{n}", 1) for area, many in people.items() for n in range(many)
    ]


def shown(every="month", **asked):
    """Return the slices that have a number in March."""
    points = trend(CROWD, every, **asked)
    return set(points[points["value"].notna()]["slice"])


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ({"tech": 8, "product": 7, "ops": 2}, {"tech"}),  # 2 hidden are too few: the next smallest hides with them
        ({"a": 8, "b": 3, "c": 3}, {"a"}),  # the rest are 6, which gives nobody away
        ({"a": 5, "b": 5}, {"a", "b"}),
        ({"a": 8, "b": 4}, set()),
        ({"a": 4}, set()),
        ({"a": 8, "b": 0}, {"a"}),
        ({"b": 5, "a": 5, "c": 1}, {"b"}),  # of equals the first by name is hidden
        ({"a": 9, "b": 8, "c": 7, "d": 6, "e": 1}, {"a", "b", "c"}),
        ({}, set()),
    ],
)
def test_a_group_is_shown_if_it_and_all_the_hidden_ones_together_are_five_or_more(groups, told, crowd):
    assert publishable(groups) == told

    crowd(in_march(**groups) or [("2026-03-05", "a", "use", None, 1)])
    assert shown(by="area") == told
    assert {name for name in groups if shown(area=name)} == told


def test_people_of_several_hidden_groups_count_once():
    several = {"a": set("uvwxyz"), "b": set("abc"), "c": set("abc")}

    assert publishable({"a": 6, "b": 3, "c": 3}) == {"a"}
    assert publishable(several) == set()  # those left of the whole are three people, however often they are there


@pytest.mark.parametrize(("many", "told"), [(1, False), (4, False), (5, True)])
def test_the_whole_needs_five_people_however_many_rows_they_have(many, told, crowd):
    crowd([(f"2026-03-{day:02}", "platform", "use", f"p{n}", 1) for n in range(many) for day in range(5, 28)])
    points = trend(CROWD, "month")

    assert points["value"].notna().any() == told
    if not told:
        assert points[["n", "of"]].to_numpy().sum() == 0  # not even how many rows there were
    assert points[["low", "high", "p85"]].notna().any(axis=None) == told


def test_rows_of_nobody_known_are_not_counted(crowd):
    crowd([*in_march(platform=5), ("2026-03-06", "platform", "use", None, 0)])

    assert trend(CROWD, "month")["of"].max() == 5


def test_a_quarter_is_told_only_where_each_of_its_months_is_and_a_week_never(crowd):
    april = [(at.replace("-03-", "-04-"), *rest) for at, *rest in in_march(platform=3)]
    crowd([*in_march(platform=9), *april])
    by_quarter = trend(CROWD, "quarter")

    assert by_quarter[by_quarter["value"].notna()]["starts"].tolist() == [date(2026, 1, 1)]
    assert by_quarter["of"].tolist() == [
        9,
        0,
        0,
        0,
    ]  # the second quarter less its other months would be those three of April
    assert trend(CROWD, "week")["value"].isna().all()
    assert trend(CROWD, "week")[["n", "of"]].to_numpy().sum() == 0


def test_a_quarter_whose_rows_are_not_those_of_its_months_is_not_told(crowd):
    crowd(in_march(platform=9))
    counted = "select ends - interval 1 second as happened_at, 1 as value, 'a' as area, 'k' as kind, '' as what, null as url, user_hash as who"
    people = Metric(
        **{
            **vars(CROWD),
            "fold": "count",
            "sql": f"{counted} from periods join usage on happened_at between starts and ends",
        }
    )

    assert trend(people, "month")["value"].max() == 9
    assert trend(people, "quarter")["value"].isna().all()


def test_a_cut_that_could_make_groups_small_is_refused_in_words(crowd):
    crowd(in_march(platform=9))

    cuts: list[dict[str, Any]] = [{"kind": "use"}, {"by": "kind"}, {"area": "platform", "kind": "use"}]
    for asked in cuts:
        with pytest.raises(
            CairnError, match=r"people in a crowd: it is told as a whole or by area, never by kind"
        ) as told:
            trend(CROWD, "month", **asked)
        assert len(str(told.value).splitlines()) <= 3


def test_no_row_of_a_private_metric_is_ever_shown_and_no_column_says_who(crowd):
    crowd(in_march(platform=9))

    for ask in (
        lambda: rows(CROWD),
        lambda: behind(CROWD, "2026-03-02"),
        lambda: rows(CROWD, area="platform"),
        lambda: parts(CROWD, "2026-03-02", "2026-04-06"),
    ):
        with pytest.raises(CairnError, match="its rows are never shown"):
            ask()
    assert list(trend(CROWD, "month")) == ["slice", "starts", "ends", "value", "low", "high", "p85", "n", "of"]
    assert "who" not in COLUMNS


def test_metrics_about_people_are_declared_private_and_no_other_reads_a_person():
    for one in METRICS:
        assert bool(re.search(r"\bas who\b", one.sql)) == one.private, one.name


def a_year(seed: int):
    """Return a year of uses: areas of one to fourteen people, some of them in two areas, holidays, and who comes and goes."""
    chance = random.Random(seed)
    uses = []
    home = {area: [f"{area}{n}" for n in range(chance.randint(1, 14))] for area in AREAS}
    everybody = [who for people in home.values() for who in people]
    for month, (area, people) in itertools.product(range(1, 13), home.items()):
        quiet = chance.random() < 0.15
        guests = chance.sample(everybody, k=min(len(everybody), chance.choice((0, 0, 1, 3))))
        for who in {*people, *guests}:
            if chance.random() < (0.2 if quiet else 0.85):
                uses += [
                    (f"2026-{month:02}-{chance.randint(1, 28):02} 1{chance.randint(0, 9)}:00", area, chance.choice("xyz"), who, chance.randint(0, 1))
                    for _ in range(chance.randint(1, 3))
                ]  # fmt: skip
    return uses


def answers(frame: pd.DataFrame):
    """Return every cell that can be asked for: (every, area or None, starts) to (n, the people behind it, its rows)."""
    moment = pd.to_datetime(frame["at"])
    told = {}
    for every in ("week", "month", "quarter"):
        asked = [(None, trend(CROWD, every)), *((area, trend(CROWD, every, area=area)) for area in AREAS)]
        sliced = trend(CROWD, every, by="area")
        for area, points in asked:
            if area in set(sliced["slice"]):
                same = sliced[sliced["slice"] == area].drop(columns="slice").reset_index(drop=True)
                pd.testing.assert_frame_equal(same, points.drop(columns="slice"))
            for point in points.itertuples():
                inside = (moment >= str(point.starts)) & (moment < str(point.ends))
                mine = frame[inside & ((frame["area"] == area) if area else True)]
                told[every, area, point.starts] = (point, frozenset(mine.index), frozenset(mine["who"]))
    return told


@pytest.mark.parametrize("seed", range(3))
def test_in_10_000_combinations_of_filters_no_cell_and_no_difference_is_about_one_to_four_people(seed, crowd):
    """Three companies: every cell, every pair of cells, and 3,400 random choices of months and of areas to subtract from them."""
    frame = crowd(a_year(seed))
    told = answers(frame)
    chance = random.Random(seed)
    who = frame["who"].tolist()
    published = {cell: (rows, people) for cell, (point, rows, people) in told.items() if pd.notna(point.value)}
    by_month = {
        starts: [cell for cell in published if cell[0] == "month" and cell[2] == starts] for _, _, starts in published
    }

    for cell, (point, _, people) in told.items():  # every single one of them
        assert len(people) >= K if cell in published else point.n == point.of == 0, cell
    for one, other in itertools.permutations(published, 2):
        whole, part = published[one][0], published[other][0]
        if part < whole:
            assert len({who[row] for row in whole - part}) >= K, (one, other)
    for _ in range(3_400):
        left = set()
        for starts in chance.sample(sorted(by_month), k=chance.randint(1, 3)):
            cells = by_month[starts]
            if ("month", None, starts) in cells:
                parts = [cell for cell in cells if cell[1] and chance.random() < 0.7]
                left |= published["month", None, starts][0].difference(*(published[cell][0] for cell in parts))
        assert len({who[row] for row in left}) not in range(1, K)
    assert len(published) > 15
    assert len({area for _, area, _ in published}) >= 2
