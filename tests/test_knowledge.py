"""How many people know a part of the system: counted from changes and reviews, told by component, and never who."""

import math
import random
from collections import Counter
from datetime import date
from itertools import count
from typing import Any

import duckdb
import pandas as pd
import pytest

from data import Row, edition, editions, query
from metrics import METRICS, metric, rows, trend
from metrics.share import thinly_known
from tests.test_nouns import REPO, commit, pull, review, row, who

NUMBERS = count(1)
CODEOWNERS = """# Who looks at what
*               @acme/all
*.js            @acme/web
/docs/          @acme/writers
services/       ann@example.org
/services/pay/**  @acme/payments  # money
"""


def change(day: float, *paths: str, by: str = "ann", reviewed: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """Return a pull request merged on a day (0 is 2 March 2026) that touched some files and was reviewed by some people."""
    number = next(NUMBERS)
    reviews = [review(f"{number}-{n}", day - 0.1, who(name), "COMMENTED") for n, name in enumerate(reviewed)]
    more["files"] = {"nodes": [{"path": path, "additions": 1, "deletions": 0} for path in paths or ("src/tax/a.py",)]}
    return pull(number, *reviews, opened=day - 0.2, merged=day, **{"author": who(by), **more})


def rows_of(changes: list[dict[str, Any]], **more: list[Any]) -> dict[str, list[Row]]:
    streams = {"github_pull_requests": changes, **more}
    return {name: [row(name, one, n) for n, one in enumerate(items)] for name, items in streams.items()}


def depths(component: str = "src/tax") -> dict[str, int]:
    """Return how many people knew a component at the end of each month."""
    found = query("select month, depth from knowledge where component = $name order by month", {"name": component})
    return dict(zip(found["month"].dt.strftime("%Y-%m"), found["depth"], strict=True))


# Components


def test_a_component_is_a_folder_that_the_team_names_or_codeowners_or_two_levels_of_folders(landed):
    changes = [
        change(
            1,
            "README.md",
            "docs/deep/down/a.md",
            "Services/pay/api/b.py",
            "services/mail/c.py",
            "web/app/shop/d.js",
            "web/e.js",
        ),
        change(2, "lib/tax/eu/f.py", "lib/tax/us/g.py", "lib/h.py", "requirements.lock"),
    ]
    raw = rows_of(changes, github_codeowners=[{"path": "CODEOWNERS", "oid": "1", "text": CODEOWNERS}])
    landed(**raw)

    assert sorted(query("select component from components")["component"]) == [
        "(top level)", "Services/pay", "docs", "lib", "lib/tax", "services", "web", "web/app",
    ]  # fmt: skip
    assert query("select count(*) as n from component_changes")["n"][0] == 8

    landed(f'[knowledge]\ndepth = 1\ncomponents = ["/lib/tax/eu/", "{REPO}/services/mail"]\n', **raw)
    told = query("select component, told_by from components")
    assert dict(zip(told["component"], told["told_by"], strict=True)) == {
        "(top level)": "folder", "Services/pay": "CODEOWNERS", "docs": "CODEOWNERS", "services/mail": "team.toml",
        "lib/tax/eu": "team.toml", "lib": "folder", "web": "folder",
    }  # fmt: skip


# Depth


def test_three_merged_changes_or_five_reviews_are_knowledge(landed):
    changes = [change(n, reviewed=("bob", "cleo") if n < 4 else ("bob",)) for n in range(5)]
    changes += [change(n, "src/fees/a.py", by="dan") for n in (1, 2)]
    changes += [change(n, "src/fees/a.py", by="renovate[bot]", reviewed=("bob",)) for n in range(10)]
    landed(complete_to="2026-04-02", **rows_of(changes))

    assert depths() == {"2026-03": 2, "2026-04": 2}  # ann wrote five, bob reviewed five, cleo four
    assert depths("src/fees") == {"2026-03": 0, "2026-04": 0}


def test_what_is_older_than_six_months_counts_half_and_than_twelve_not_at_all(landed):
    six = [change(n * 0.1) for n in range(6)]  # in March
    three = [change(n * 0.1, "src/fees/a.py") for n in range(3)]
    # a change a year keeps the component in sight
    landed(
        complete_to="2027-05-02",
        **rows_of([*six, *three, change(300, by="dan"), change(300, "src/fees/b.py", by="dan")]),
    )

    known = depths()
    assert [known[month] for month in ("2026-03", "2026-08", "2026-09", "2027-02", "2027-03")] == [1, 1, 1, 1, 0]
    known = depths("src/fees")
    assert [known[month] for month in ("2026-03", "2026-08", "2026-09")] == [1, 1, 0]


def test_a_component_that_nobody_changes_for_a_year_is_no_longer_told(landed):
    landed(complete_to="2028-01-02", **rows_of([change(n) for n in range(3)]))

    assert list(depths())[-1] == "2027-02"
    assert list(query("select changes from knowledge order by month")["changes"]) == [3] * 12


def test_who_wrote_a_commit_of_a_squashed_change_wrote_it_too_and_three_stands_for_more(landed):
    def also(name: str) -> dict[str, Any]:
        made = commit(f"{name}{next(NUMBERS)}", 0)
        made["commit"]["author"] = {"user": {"login": name}}
        return made

    changes = []
    for n in range(3):
        one = change(n)
        one["timelineItems"]["nodes"] += [also(name) for name in ("bob", "cleo", "dan", "eve", "ann", "renovate[bot]")]
        changes.append(one)
    landed(complete_to="2026-04-02", **rows_of(changes))

    assert depths() == {"2026-03": 3, "2026-04": 3}


def test_an_account_that_is_gone_or_forgotten_is_nobody_who_could_be_asked(landed):
    changes = [change(n, author=None) for n in range(4)] + [change(n, by="somebody-forgotten") for n in range(4)]
    landed(complete_to="2026-04-02", **rows_of(changes))

    assert set(depths().values()) == {0}


@pytest.mark.parametrize("seed", range(2))
def test_depth_is_what_counting_by_hand_gives(landed, seed):
    chance = random.Random(seed)
    people = ["ann", "bob", "cleo", "dan"]
    changes = []
    for _ in range(150):
        by, *others = chance.sample(people, 3)
        changes.append(change(chance.uniform(0, 550), by=by, reviewed=tuple(others[: chance.randrange(3)])))
    landed(complete_to="2027-10-02", **rows_of(changes))

    def month(one: dict[str, Any]) -> int:
        return int(one["mergedAt"][:4]) * 12 + int(one["mergedAt"][5:7]) - 1

    def by_hand(now: int) -> int:
        wrote, reviewed = Counter(), Counter()
        for one in changes:
            weight = {0: 1, 1: 0.5}.get((now - month(one)) // 6, 0) if month(one) <= now else 0
            wrote[one["author"]["login"]] += weight
            for item in one["timelineItems"]["nodes"]:
                reviewed[item["author"]["login"]] += weight
        return min(3, sum(wrote[name] >= 3 or reviewed[name] >= 5 for name in people))

    found = depths()
    assert len(found) >= 18
    assert found == {name: by_hand(int(name[:4]) * 12 + int(name[5:]) - 1) for name in found}


# What is told of it


def test_depth_is_told_for_each_component_as_it_stood_and_the_share_by_how_often_they_change(landed):
    changes = [change(n, f"src/part{k}/a.py") for n in range(0, 240, 20) for k in range(4)]  # ann alone
    changes += [change(n, "src/part0/a.py", by="bob") for n in range(0, 240, 20)]
    landed(complete_to="2026-11-02", **rows_of(changes))
    depth = rows(metric("knowledge_depth"), every="month")
    last = depth[depth["happened_at"] == depth["happened_at"].max()]

    assert sorted(zip(last["what"], last["kind"], last["value"], strict=True)) == [
        ("checkout src/part0", "two people know it", 2),
        ("checkout src/part1", "needs a second person", 1),
        ("checkout src/part2", "needs a second person", 1),
        ("checkout src/part3", "needs a second person", 1),
    ]
    assert depth[depth["happened_at"] < "2026-07-15"]["value"].isna().all()  # half a year was not read yet

    found = rows(metric("thinly_known_share"))
    assert found[found["happened_at"] < "2026-08-30"]["value"].isna().all()
    assert found["value"].mean() == pytest.approx(3 / 5)
    assert trend(metric("thinly_known_share"), "quarter")["n"].tolist() == [0, 0, 5]  # August was still too early


def evenness(counts: list[int]) -> float:
    """Return the entropy of reviews over its greatest value, as the definition says it."""
    parts = [n / sum(counts) for n in counts]
    return -sum(p * math.log(p) for p in parts if p) / math.log(len(parts))


def test_half_of_sixteen_people_reviewing_alike_is_an_evenness_of_three_quarters_and_of_four_nothing_is_told(landed):
    names = [f"dev{n}" for n in range(16)]
    march = [change(n / 2, by=names[8 + n], reviewed=(names[n],)) for n in range(8)]
    april = [change(40 + n, by=names[n], reviewed=(names[n + 1],)) for n in range(3)]
    may = [change(65, by="x", reviewed=tuple(names[:3]))] + [
        change(66 + n, by="y", reviewed=(names[0],)) for n in range(4)
    ]
    landed(complete_to="2026-06-02", **rows_of([*march, *april, *may]))
    found = rows(metric("review_evenness"))

    assert evenness([2, 1, 1, 0]) == pytest.approx(0.75)  # four people: the worked example
    assert found["value"].tolist() == [0.75, round(evenness([5, 1, 1, 0, 0]), 2)]
    assert trend(metric("review_evenness"), "month")["value"].dropna().tolist() == found["value"].tolist()


def test_neither_the_nouns_nor_the_metrics_of_knowledge_hold_a_person(landed):
    made = landed(complete_to="2026-10-02", **rows_of([change(n * 20, reviewed=("bob",)) for n in range(10)]))
    hashes = set(query("select author as hash from pull_requests union select reviewer from reviews")["hash"])
    tables = ("components", "knowledge", "component_changes", "review_evenness")
    editions.let_go()  # what was asked stays open
    with duckdb.connect(str(made.path), read_only=True) as connection:
        kept = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
        held = {
            str(value) for table in tables for one in connection.execute(f"from {table}").fetchall() for value in one
        }

    assert len(hashes) == 2
    assert not held & (hashes | {"ann", "bob"})
    assert not kept & {"took_part", "learnt", "known", "people", "committer"}
    for one in (metric(name) for name in ("knowledge_depth", "thinly_known_share", "review_evenness")):
        assert not set(rows(one)["what"]) & {"ann", "bob"}
    assert edition() == made


def test_a_part_that_one_person_knows_is_spoken_of_as_one_that_needs_a_second():
    for one in METRICS:
        if one.name in {"knowledge_depth", "thinly_known_share"}:
            assert "needs a second person" in one.sql
            assert "owner" not in one.about.lower().replace("codeowners", "")


def test_an_empty_team_has_no_knowledge_and_no_error(landed):
    landed(complete_to="2026-06-02", **rows_of([]))

    assert trend(metric("knowledge_depth")).empty or pd.isna(trend(metric("knowledge_depth"))["value"]).all()
    assert query("from knowledge").empty
    assert query("from review_evenness").empty


def test_what_to_share_next_is_what_few_know_and_most_change(landed):
    busy = [change(20 * n, "src/tax/a.py") for n in range(9)]
    quiet = [change(20 * n + 1, "src/pay/b.py") for n in range(5)]
    known = [change(20 * n + 2, "src/web/c.py", by=("ann", "bob")[n % 2]) for n in range(9)]
    landed(complete_to="2026-10-02", **rows_of([*busy, *quiet, *known]))

    assert [(one.what, one.depth, one.changes) for one in thinly_known(date(2026, 9, 1))] == [
        ("checkout src/tax", 1, 9),
        ("checkout src/pay", 1, 5),
    ]
    assert thinly_known(date(2027, 1, 1)) == []
