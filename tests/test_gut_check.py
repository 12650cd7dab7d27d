"""Two people answer apart: nobody sees either answer, in any list, search or export to read, before both are given."""

import html

import pytest

from data.journal import journal, read_twin
from data.kinds import GUT_CHECK
from tests.test_memory import collected  # noqa: F401
from tests.test_pages import open_page
from tests.test_pages import told as drawn

EM = {
    "apart": "20 Nov 2026",
    "role": "EM",
    "uneasy": "The ledger leans on one person",
    "talk": "Who could learn it",
    "sure": "low",
}
PM = {"apart": "20 Nov 2026", "role": "PM", "well": "Customers are calm", "talk": "What we promise", "sure": "high"}
SECRET = ("leans on one person", "Who could learn it", "low")


def told(app) -> str:
    return html.unescape(drawn(app))


@pytest.mark.usefixtures("collected")
def test_one_half_alone_is_seen_nowhere_and_both_are_seen_side_by_side():
    kept = journal()
    one = kept.write("gut_check", EM, "Ada")
    pages = [
        open_page("pulse.py", feels="Gut check"),
        open_page("memory.py"),
        open_page("memory.py", entry=one.id),
        open_page("memory.py", sought="leans"),
    ]
    alone = [told(app) for app in pages]
    words = GUT_CHECK.words(kept.entries("gut_check")[0])
    kept.write("gut_check", PM, "Bo")
    both = told(open_page("pulse.py", feels="Gut check"))

    assert "EM has answered for 20 Nov 2026. It is shown when PM has." in alone[0]
    assert "The rest is shown when the other half has answered." in alone[2]
    assert not [said for said in SECRET[:2] for shown in [*alone, words] if said in shown]
    assert kept.find("leans"), "and now it is found"
    assert "What feels uneasy: The ledger leans on one person" in both
    assert "What feels right: Customers are calm" in both
    assert "It is shown when" not in both
    assert read_twin(kept.twin)[0].body == EM, "the second copy is whole: the journal is built again from it"


@pytest.mark.usefixtures("collected")
def test_what_is_undone_comes_back_whole_although_it_is_hidden():
    kept = journal()
    one = kept.write("gut_check", EM, "Ada")
    kept.write("gut_check", {**EM, "talk": "Another thing"}, "Ada", entry=one.id, base=1)
    back = kept.undo(one.id, "Ada")

    assert back.body == EM
    assert set(kept.history(one.id)[-1].body) == {"apart", "role"}
    assert kept.find("ledger") == []


@pytest.mark.usefixtures("collected")
def test_two_answers_of_one_half_are_not_both_halves():
    kept = journal()
    kept.write("gut_check", EM, "Ada")
    kept.write("gut_check", {**EM, "talk": "Another thing"}, "Ada")

    assert kept.find("thing") == []
