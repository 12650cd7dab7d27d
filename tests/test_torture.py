"""Nothing breaks collecting: a sample of `make torture`, drawn by number, on every fault there is."""

import random

import pytest

from tests import postgres, torture

LUCK = random.Random(20261121)
NAMES = LUCK.sample(list(torture.FAULTS), len(torture.FAULTS))
TRIOS = list(zip(NAMES[::3], NAMES[1::3], [*NAMES[2::3], NAMES[0]], strict=True))


@pytest.fixture(scope="module")
def ground():
    with torture.ground(torture.SHORT) as at:
        yield at


@pytest.fixture(scope="module")
def whole():
    with torture.ground(torture.WHOLE) as at:
        yield at


@pytest.fixture(scope="module")
def town():
    with torture.town(torture.SHORT) as at:
        yield at


@pytest.mark.parametrize("number", range(len(TRIOS)), ids=[" and ".join(trio) for trio in TRIOS])
def test_three_faults_in_one_sync_lose_double_and_change_nothing(ground, number: int):
    places = sorted(random.Random(number).sample(range(1, ground.requests), 3))
    spoils = {n: (name, n == places[-1] and number % 3 == 0) for n, name in zip(places, TRIOS[number], strict=True)}
    torture.spoil(ground, [spoils], empty=bool(number % 2))


@pytest.mark.parametrize("number", [200, 380])
def test_a_moment_of_trouble_is_not_even_noticed(ground, number: int):
    name = torture.wire_cases(ground.requests)[number][1]
    torture.spoil(
        ground, [{number % ground.requests + 1: (name if name in torture.PASSING else "500", False)}], empty=True
    )


@pytest.mark.parametrize("number", [30, 71, 111, 122, 637, 1063, 1131, 3694, 4568])
def test_what_was_once_found_broken_stays_mended(whole, number: int):
    torture.wire(whole, number)


@pytest.mark.parametrize("number", [3, 8])
def test_what_moves_while_it_is_read_is_held_after_the_next_sync(ground, number: int):
    torture.shifts(ground, number)


@pytest.mark.skipif(not postgres.PLACE, reason="no PostgreSQL is installed (Debian: apt-get install postgresql)")
def test_four_collectors_and_four_dashboards_share_a_lake_and_one_of_each_is_killed():
    with torture.shore(torture.Company(days=4, size=40)) as at:
        at.kills, at.pages = 2, ""
        torture.lake(at, 1)

    assert at.figures["errors"] == 0
    assert at.figures["looks"] >= torture.CROWD


def test_a_killed_sync_goes_on_where_it_was(town):
    torture.kills(town, 1, turns=3)


def test_a_full_disk_is_said_and_loses_nothing(town):
    torture.disk(town, 70)


@pytest.mark.parametrize("number", [3, 4, 5, 100])
def test_a_damaged_file_is_never_believed(town, number: int):
    torture.damage(town, number)
