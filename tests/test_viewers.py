"""Many people look at the dashboard while new data comes in: nobody sees a fault, and everybody sees the new data next."""

import asyncio
import threading

import pytest

from data import Live, publish
from tests import scale
from tests.test_browser import dashboard
from tests.viewers import PATHS, crowd, look, open_session

VIEWERS, PULL_REQUESTS = 8, 500


@pytest.fixture
def company(monkeypatch, tmp_path):
    """A company whose first edition is published."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    (tmp_path / "team.toml").write_text(scale.WORDS, encoding="utf-8")
    with Live("team") as live:
        scale.make_up(live, PULL_REQUESTS)
        publish(live)


def publish_three_days() -> None:
    """Publish an edition for each of three days that follow."""
    for _ in range(3):
        with Live("team") as live:
            live.connection.execute("update progress set complete_to = complete_to + interval 1 day")
            publish(live, afresh=True)


async def health(address: str) -> str:
    async with open_session(address) as session:
        return (await look(session, "health")).said


@pytest.mark.usefixtures("company")
def test_viewers_see_no_fault_while_editions_are_published_and_the_newest_next():
    with dashboard(warm=True) as address:
        before = asyncio.run(health(address))
        publishing = threading.Thread(target=publish_three_days)
        publishing.start()
        seen = asyncio.run(crowd(address, VIEWERS, lambda: not publishing.is_alive()))
        publishing.join()
        after = asyncio.run(health(address))

    assert [one.wrong for one in seen if one.wrong] == []
    assert len({one.path for one in seen}) == len(PATHS)
    assert "Complete to Tue 30 Jun" in before
    assert "Complete to Fri 3 Jul" in after


@pytest.mark.usefixtures("company")
def test_a_viewer_tells_what_goes_wrong_on_a_page(tmp_path):
    """The test above would be worth nothing if viewers saw no faults."""
    (tmp_path / "team.toml").write_text('nmae = "Us"', encoding="utf-8")
    with dashboard() as address:
        [seen] = asyncio.run(crowd(address, 1, lambda: True))

    assert seen.wrong == "it was not drawn to its foot"
    assert asyncio.run(crowd(address, 1, lambda: True))[0].wrong  # nobody answers any more
