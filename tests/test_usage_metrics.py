"""Usage is told by feature, by area and by how many people, for periods the files cover, and never of a few people."""

from datetime import date

import pandas as pd
import pytest

from data import CairnError, home, team
from metrics import behind, complete_to, metric, rows, trend


@pytest.fixture
def dropped(monkeypatch, tmp_path, collect):
    """Return a function: dropped(lines) puts a file of usage into the folder of a team without any other source, and reads it."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    (tmp_path / "team.toml").write_text("", encoding="utf-8")
    (tmp_path / "home" / "usage").mkdir(parents=True)

    def read(lines: list[str], name: str = "usage.csv") -> None:
        text = "\n".join(["happened_at,feature,count,area,user", *lines])
        (home() / "usage" / name).write_text(text + "\n", encoding="utf-8")
        collect(published=True)

    return read


def uses(day: str, feature: str, *, area: str = "shop", people: int = 1, count: int = 1) -> list[str]:
    return [f"{day},{feature},{count},{area},{area}-{n}" for n in range(people)]


def values(name: str, every: str = "month", **asked) -> dict[str, float | None]:
    points = trend(metric(name), every, **asked)
    return {p.starts.isoformat(): None if pd.isna(p.value) else p.value for p in points.itertuples()}


def test_use_is_the_sum_of_the_counts_and_each_feature_has_its_trend(dropped):
    dropped([
        *uses("2026-01-05", "search", count=3),
        *uses("2026-01-20", "basket", count=4, area="depot"),
        *uses("2026-02-03", "search", count=5),
        *uses("2026-03-31", "search"),
    ])  # fmt: skip

    assert values("feature_use") == {"2026-01-01": 7, "2026-02-01": 5, "2026-03-01": 1}
    by = trend(metric("feature_use"), "month", by="kind").pivot_table(index="slice", columns="starts", values="value")
    assert by.loc["search"].tolist() == [3, 5, 1]
    assert by.loc["basket"].dropna().tolist()[0] == 4
    assert values("feature_use", area="depot")["2026-01-01"] == 4
    assert behind(metric("feature_use"), date(2026, 1, 1), "month")["value"].sum() == 7


def test_a_period_the_files_do_not_cover_yet_is_no_point_and_not_zero(dropped):
    dropped(uses("2026-01-05", "search") + uses("2026-03-15", "search"))

    assert complete_to(metric("feature_use")) == pd.Timestamp("2026-03-16")
    assert values("feature_use") == {"2026-01-01": 1, "2026-02-01": 0}
    assert values("active_areas") == {"2026-01-01": 1, "2026-02-01": 0}


def test_active_areas_are_those_with_at_least_one_use(dropped):
    dropped([
        *uses("2026-01-05", "search", area="shop"),
        *uses("2026-01-06", "basket", area="shop"),
        *uses("2026-01-07", "basket", area="depot"),
        *uses("2026-01-08", "basket", area="idle", count=0),
        "2026-01-09,basket,1,,ann",
        *uses("2026-02-03", "search", area="shop"),
        *uses("2026-02-28", "search", area="shop"),
    ])  # fmt: skip

    assert values("active_areas") == {"2026-01-01": 2, "2026-02-01": 1}
    found = behind(metric("active_areas"), date(2026, 1, 1), "month")
    assert found["what"].tolist() == ["depot, 1 uses", "shop, 2 uses"]


def test_adoption_is_the_share_of_the_areas_there_are_that_use_a_feature(dropped):
    areas = ["a", "b", "c", "d", "e"]
    dropped([
        *(line for area in areas for line in uses("2026-01-05", "search", area=area)),
        *uses("2026-01-06", "basket", area="a"),
        *(line for area in "abc" for line in uses("2026-02-05", "search", area=area)),
        *uses("2026-02-28", "basket", area="e"),
    ])  # fmt: skip

    assert values("feature_adoption", kind="search") == {"2026-01-01": 1.0, "2026-02-01": 0.6}
    assert values("feature_adoption", kind="basket") == {"2026-01-01": 0.2, "2026-02-01": 0.2}
    assert values("feature_adoption") == {"2026-01-01": 0.6, "2026-02-01": 0.4}


def test_people_are_counted_once_and_fewer_than_five_are_not_told(dropped):
    dropped([
        *uses("2026-01-05", "search", people=6),
        *uses("2026-01-06", "basket", people=6),  # the same people again
        *uses("2026-02-05", "search", people=4),
        "2026-03-03,search,1,shop,",
        *uses("2026-03-31", "search", people=7),
    ])  # fmt: skip

    assert values("active_people") == {"2026-01-01": 6, "2026-02-01": None, "2026-03-01": 7}
    with pytest.raises(CairnError, match="people"):
        rows(metric("active_people"))
    with pytest.raises(CairnError, match="people"):
        trend(metric("active_people"), "month", by="kind")


def test_metrics_of_usage_without_a_file_are_empty_and_no_error(nouns):
    nouns()

    assert team().workflows == ()
    for name in ("feature_use", "active_areas", "feature_adoption", "active_people", "abandoned_forms"):
        assert trend(metric(name)).empty
        assert complete_to(metric(name)) is None
