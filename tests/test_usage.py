"""Usage from files: dropped into a folder they are a stream like the others; a bad row is set aside and said, and nothing counts twice."""

import duckdb
import pytest

from collectors import source
from data import Live, home, query, team


@pytest.fixture
def dropped(monkeypatch, tmp_path):
    """Return the folder usage of a team without any other source."""
    monkeypatch.setenv("CAIRN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAIRN_CONFIG", str(tmp_path / "team.toml"))
    (tmp_path / "team.toml").write_text("", encoding="utf-8")
    place = tmp_path / "home" / "usage"
    place.mkdir(parents=True)
    return place


@pytest.fixture
def read(collect):
    """Return a function that runs one sync and returns its outcome."""
    return lambda: collect(published=True)[0]


def told() -> list[tuple]:
    found = query("select happened_at::text, feature, count, area, user_hash is not null from usage")
    return list(found.astype(object).where(found.notna(), None).itertuples(index=False, name=None))


CSV = """happened_at,feature,count,area,user,colour
2026-03-02,search,3,shop,ada,red
2026-03-02T14:05:00+02:00,checkout,,,,
2026-03-02 23:59:59,"search, wide",12,shop,bo,
"""


def test_csv_becomes_usage_in_utc_and_a_user_becomes_a_hash(dropped, read):
    (dropped / "march.csv").write_text(CSV, encoding="utf-8")
    outcome = read()

    assert (outcome.parked, outcome.new, outcome.requests) == ([], 3, 0)
    assert told() == [
        ("2026-03-02 00:00:00", "search", 3, "shop", True),
        ("2026-03-02 12:05:00", "checkout", 1, None, False),
        ("2026-03-02 23:59:59", "search, wide", 12, "shop", True),
    ]
    hashes = query("select user_hash from usage where user_hash is not null").user_hash
    assert hashes.nunique() == 2
    assert not {"ada", "bo"} & set(hashes)


def test_parquet_says_the_same(dropped, read):
    (dropped / "march.csv").write_text(CSV, encoding="utf-8")
    read()
    csv = told()
    (dropped / "march.csv").unlink()
    (home() / "live.duckdb").unlink()
    duckdb.sql(
        "select * from (values (timestamptz '2026-03-02 00:00:00+00', 'search', 3, 'shop', 'ada'),"
        " ('2026-03-02 12:05:00+00', 'checkout', null, null, null), ('2026-03-02 23:59:59+00', 'search, wide', 12, 'shop', 'bo'))"
        ' t(happened_at, feature, "count", area, "user")'
    ).write_parquet(str(dropped / "a[1].parquet"))
    outcome = read()

    assert outcome.parked == []
    assert told() == csv


def test_a_file_is_read_once_and_a_copy_under_another_name_does_not_count(dropped, read):
    (dropped / "march.csv").write_text(CSV, encoding="utf-8")
    read()
    (dropped / "copy.csv").write_text(CSV, encoding="utf-8")
    second = read()

    assert (second.new, second.changed) == (0, 0)
    assert len(told()) == 3


def test_a_file_that_changed_replaces_what_it_said(dropped, read):
    (dropped / "march.csv").write_text(CSV, encoding="utf-8")
    read()
    (dropped / "march.csv").write_text("happened_at,feature,count\n2026-03-01,search,4\n", encoding="utf-8")
    read()

    assert told() == [("2026-03-01 00:00:00", "search", 4, None, False)]


def test_a_file_that_was_taken_away_leaves_its_rows_and_its_header_alone_takes_them_back(dropped, read):
    (dropped / "march.csv").write_text(CSV, encoding="utf-8")
    (dropped / "april.csv").write_text("happened_at,feature\n2026-04-01,search\n", encoding="utf-8")
    read()
    (dropped / "march.csv").unlink()
    read()
    assert len(told()) == 4

    (dropped / "march.csv").write_text("happened_at,feature\n", encoding="utf-8")
    read()
    assert len(told()) == 1


BAD = """happened_at,feature,count
2026-03-02,search,3
yesterday,search,3
2026-03-03,,3
2026-03-04,search,-1
2026-03-05,search,1.5
2026-03-06,search,nan
9999-12-31T23:59:59-14:00,search,1
2026-03-07,search,2.0
"""


def test_a_bad_row_is_set_aside_with_its_reason_and_the_rest_is_kept(dropped, read):
    (dropped / "march.csv").write_text(BAD, encoding="utf-8")
    outcome = read()

    assert [row[:3] for row in told()] == [("2026-03-02 00:00:00", "search", 3), ("2026-03-07 00:00:00", "search", 2)]
    (words,) = outcome.parked
    assert words.startswith("march.csv: 6 of 8 rows were set aside (line 3: 'yesterday' is not a time")
    with Live("team") as live:
        aside = live.connection.execute("select body->>'reason' from raw.usage_set_aside order by id").fetchall()
    assert len(aside) == 6
    assert ("feature is missing",) in aside

    again = read()
    (said_again,) = again.parked  # the time it was last read completely is its own, and may be another minute
    assert said_again.split(" Last read")[0] == words.split(" Last read")[0], "said until it is mended"
    assert (again.new, again.changed) == (0, 0)
    (dropped / "march.csv").write_text(BAD.splitlines()[0] + "\n2026-03-02,search,3\n", encoding="utf-8")
    assert read().parked == []
    with Live("team") as live:
        assert live.connection.execute("select count(*) from raw.usage_set_aside where gone_at is null").fetchone() == (
            0,
        )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.parquet", b"PAR1 nothing of the kind"),
        ("latin.csv", "happened_at,feature\n2026-03-02,Gr\u00f6\u00dfe\n".encode("latin-1")),
        ("other.csv", b"day,what\n2026-03-02,search\n"),
        ("quote.csv", b'happened_at,feature\n2026-03-02,"never closed\n'),
        ("zeros.csv", b"\0\0\0\0\n\0\0\0"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_kept(dropped, read, name, content):
    (dropped / name).write_bytes(content)
    (dropped / "march.csv").write_text(CSV, encoding="utf-8")
    outcome = read()

    assert [name in words for words in outcome.parked] == [True]
    assert len(told()) == 3


def test_other_files_and_half_written_ones_are_left_alone(dropped):
    for name in (".march.csv", "march.csv.part", "notes.txt"):
        (dropped / name).write_text(CSV, encoding="utf-8")

    assert source.sources(team("team")) == []


def test_semicolons_do_as_well(dropped, read):
    (dropped / "march.csv").write_text("\ufeffhappened_at;feature;count\r\n2026-03-02;search;3\r\n", encoding="utf-8")
    read()

    assert told() == [("2026-03-02 00:00:00", "search", 3, None, False)]
