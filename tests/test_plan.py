"""The plan is words people wrote and numbers that say what came of them: nothing is a score, and nobody's words are lost."""

import pytest

from tests.test_memory import told
from tests.test_pages import happenings, open_page


@pytest.fixture
def collected(publish_nouns, monkeypatch, tmp_path):
    return publish_nouns(monkeypatch, tmp_path, **happenings())


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("section", ["", "Alignment", "Sprint goals", "Suggestions", "<b>nonsense"])
def test_every_part_of_the_plan_opens_from_its_link_before_anything_is_written(section):
    text = told(open_page("plan.py", **({"section": section} if section else {})))

    assert (section if section[:1] != "<" else "Goals") in text
    assert "yet" in text
