"""The burn list says when an investment has paid for itself as a range, tells apart only what can be told apart, and keeps score of itself."""

import pytest

from metrics import burn
from metrics.burn import Item, case, groups, item, payback, record, sentence

WORKED = Item("a", "Releases", (10, 15, 30), (0.5, 1.5, 3))


def named(title: str, cost: tuple[float, float, float], saves: tuple[float, float, float]) -> burn.Payback:
    found = payback(Item(title, title, cost, saves))
    assert found
    return found


def test_10_15_30_days_for_a_half_to_three_days_a_week_pay_in_7_to_19_weeks():
    found = payback(WORKED)

    assert found is not None
    assert found.weeks == pytest.approx((6.8, 11.0, 19.5), abs=0.05)
    assert found.soon == pytest.approx(0.97, abs=0.005)
    assert found.returned == pytest.approx((1.14, 2.80, 5.14), abs=0.005)
    assert found.waiting == 19.5
    assert sentence(found, WORKED) == "Pays for itself in 6.8 to 19 weeks, as likely as not within 11."


def test_what_is_not_known_yet_is_never_nought():
    for body, said in (
        ({"title": "A"}, "What it costs and what it gives back are not known yet."),
        ({"low": 1, "likely": 2, "high": 3}, "What it gives back is not known yet."),
        ({"saves_low": 1, "saves_likely": 2, "saves_high": 3, "low": 1}, "What it costs is not known yet."),
    ):
        one = item("a", body)
        assert payback(one) is None
        assert sentence(None, one) == said
        assert "not known yet" in case(one, body)
    assert sentence(None, Item("a", "A", (1, 2, 3), (0, 0, 0))) == "It gives nothing back by this estimate."
    assert named("A", (5, 5, 5), (1, 1, 1)).weeks == (5, 5, 5)


def test_those_whose_ranges_overlap_are_one_group_in_the_order_of_the_alphabet():
    quick, near = named("Zebra", (5, 5, 5), (1, 1, 2)), named("Apple", (4, 5, 9), (1, 1, 1))
    slow = named("Middle", (50, 60, 70), (1, 1, 1))

    assert [[one.item.title for one in group] for group in groups([slow, quick, near])] == [
        ["Apple", "Zebra"],
        ["Middle"],
    ]
    assert groups([]) == []


def test_the_case_is_a_page_of_markdown_in_which_what_people_typed_is_text_alone():
    body = {
        "title": "![x](https://evil.example/x.png) <b>Releases</b>", "low": 10, "likely": 15, "high": 30,
        "saves_low": 0.5, "saves_likely": 1.5, "saves_high": 3, "pain": "Two mornings\n# each", "says": "Ada | Bo", "sure": "a guess",
    }  # fmt: skip
    page = case(item("a", body), body, "Deployment frequency")
    lines = page.splitlines()

    assert lines[0] == r"# \!\[x\](https://evil.example/x.png) \<b\>Releases\</b\>"
    assert r"Two mornings \# each" in lines
    assert "| Person-days it takes | 10 | 15 | 30 |" in lines
    assert "It should show in: Deployment frequency." in lines
    assert r"How sure we are: a guess. Who says so: Ada \| Bo." in lines
    assert "97 of 100 cases" in page
    assert "Waiting a quarter costs about 20 person-days." in page


def test_estimates_are_held_against_what_came_and_few_outcomes_make_no_share():
    told = [
        Item(f"{n}", "A", (2, 4, 8), (1, 2, 4), took=took, saved=saved)
        for n, (took, saved) in enumerate([(5, 0), (8, 2), (9, None)])
    ]
    cost, gave = record([*told, WORKED])

    assert (cost.held, cost.of, gave.held, gave.of) == (2, 3, 1, 2)
    assert cost.words == "In two of three outcomes what it cost lay inside the range."
    assert gave.words == "In one of two outcomes what it gave back lay inside the range."
    assert record([WORKED])[0].words == "No outcome to hold what it cost against yet."
    assert "(" in record(told * 2)[0].words
