"""Text that other people wrote is shown as it stands and does nothing."""

import ast
import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages import safe

HOUSE = Path(__file__).resolve().parent.parent
HOSTILE = HOUSE.parent / "shared" / "knowledge" / "hostile.json"
PAGES = sorted((HOUSE / "pages").glob("*.py"))
SOME = [  # enough for a checkout without the collection
    ("text", "<img src=x onerror=alert(1)>"),
    ("text", "![a](https://evil.example/a.png)"),
    ("text", "[click](javascript:alert(1))"),
    ("text", "<script>\n\nalert(1)</script>"),
    ("text", '=HYPERLINK("https://evil.example")'),
    ("text", "\ud800 \x00 \u202egnp.exe"),
    ("text", "\uff1d1+1"),
    ("link", "javascript:alert(1)"),
    ("link", "https://github.com@evil.example/"),
    ("link", "https://github.com.evil.example/acme"),
    ("link", "https://github.com:444/acme"),
    ("link", ""),
    ("path", "../../etc/passwd"),
    ("path", ".hidden"),
]


def hostile(kind: str) -> list[str]:
    """Return the hostile values of a kind: some known here, and the shared collection where it is at hand."""
    told = [value for this, value in SOME if this == kind]
    if HOSTILE.exists():
        told += [one["value"] for one in json.loads(HOSTILE.read_text(encoding="utf-8")) if one["kind"] == kind]
    return list(dict.fromkeys(value for value in told if isinstance(value, str)))


def test_the_shared_collection_of_hostile_text_is_tried():
    if not HOSTILE.exists():
        pytest.skip("no ../shared/knowledge/hostile.json beside this checkout")

    assert len(hostile("text")) > 30
    assert len(hostile("link")) > 10


class Elements(HTMLParser):
    """The elements and the text of a piece of HTML, as a browser would read it."""

    def __init__(self, page: str):
        super().__init__(convert_charrefs=True)
        self.tags, self.told = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *attrs))

    def handle_data(self, data):
        self.told += data


def drawn(value: str, monkeypatch: pytest.MonkeyPatch) -> str:
    bodies = []
    monkeypatch.setattr(safe.st, "html", lambda body, **_: bodies.append(body))
    safe.text(value, "note")
    return bodies[0]


@pytest.mark.parametrize("value", hostile("text"))
def test_hostile_text_on_a_page_is_text_and_no_element(value, monkeypatch):
    page = Elements(drawn(value, monkeypatch))

    assert page.tags == [("p", ("class", "cairn-note")), ("bdi",)]
    assert safe.plain(value) == page.told


@pytest.mark.parametrize("value", hostile("text"))
def test_hostile_text_in_a_chart_is_a_label_of_one_line(value):
    label = safe.plot_text(value)

    assert Elements(label).tags == []
    assert "\n" not in label
    assert len(Elements(label).told) <= 60


@pytest.mark.parametrize("value", sorted({*hostile("text"), *hostile("path"), *hostile("sql")}))
def test_a_spreadsheet_opens_our_csv_without_calculating_anything(value):
    frame = pd.DataFrame({"what": [value], "value": [-1.5]}, dtype=object)
    lines = list(csv.reader(io.StringIO(safe.csv(frame).decode("utf-8-sig"), newline="")))

    assert len(lines) == 2
    what, number = lines[1]
    assert what.lstrip()[:1] not in tuple("=+-@\uff1d\uff0b\uff0d\uff20")
    assert what[:1] not in ("\t", "\r", "\n")
    assert what in (safe.plain(value), "'" + safe.plain(value))
    assert number == "-1.5"  # a number stays a number


@pytest.mark.parametrize("value", hostile("link"))
def test_a_hostile_address_never_becomes_a_link(value, nouns):
    nouns()

    assert safe.link(value) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/app/pull/1",
        "https://jira.example/browse/SHOP-1",
        "https://acme.example:8443/acme/app/pull/1",
        "https://plain.atlassian.net/browse/SHOP-1",
    ],
)
def test_addresses_at_the_teams_own_sources_are_links(url, nouns):
    nouns(
        '[[github]]\nurl = "https://acme.example:8443"\nrepositories = ["acme/app"]\n'
        '[[jira]]\nurl = "https://api.atlassian.com/ex/jira/1"\nprojects = ["A"]\n'
    )

    assert url == safe.link(url)


def test_http_is_a_link_only_for_a_host_that_is_named(nouns, monkeypatch):
    nouns('[[github]]\nurl = "http://git.internal"\nrepositories = ["acme/app"]\n')
    url = "http://git.internal/acme/app/pull/1"

    assert safe.link(url) is None
    monkeypatch.setenv("CAIRN_INSECURE_HOSTS", "git.internal")
    assert url == safe.link(url)


@pytest.mark.parametrize("value", hostile("path"))
def test_a_file_name_is_tame(value):
    name = safe.file_name(value, ending="csv")

    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}", name)
    assert not re.match(r"(?i)(con|prn|aux|nul)\.", name)
    assert name.endswith(".csv")


def test_a_row_whose_link_was_left_out_says_so(nouns):
    nouns()

    def page():
        import pandas as pd

        from pages import safe

        rows = pd.DataFrame(
            {
                "what": ["<b>one</b>", "two", None],
                "url": ["https://github.com/a/b/pull/1", "https://evil.example/", None],
            }
        )
        safe.table(rows, {"what": "What", "url": "Source"}, alt="rows", source="url")

    shown = AppTest.from_function(page).run(timeout=60)

    assert not shown.exception
    table = shown.dataframe[0].value
    assert table["what"].tolist()[:2] == ["<b>one</b>", "two"]
    assert table["url"].dropna().tolist() == ["https://github.com/a/b/pull/1"]
    assert [None if pd.isna(note) else note for note in table["note"]] == [None, "link left out", None]


# The door is the only one: read in the pages' own source


def calls(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_goes_around_the_door(path):
    source = path.read_text(encoding="utf-8")
    at_the_door = path.name == "safe.py"
    told = [
        word
        for word in (
            "MarkdownColumn",
            "ImageColumn",
            "st.components",
            "st.iframe",
            "st.write",
            "st.metric",
        )
        if word in source
    ]
    told += [
        word
        for word in ("LinkColumn", "st.html", "st.dataframe", "st.table", "unsafe_allow")
        if word in source and not at_the_door
    ]

    assert told == []


def test_the_only_script_that_leaves_the_door_is_the_frames_own():
    with_script = [
        ast.unparse(call)
        for call in calls(Path(safe.__file__))
        if any(word.arg and word.arg.startswith("unsafe") for word in call.keywords)
    ]

    assert with_script == ["st.html(f'<script>{SCRIPT}</script>', unsafe_allow_javascript=True)"]
    assert Path(safe.__file__).with_name("frame.js").read_text(encoding="utf-8") == safe.SCRIPT


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_markdown_and_labels_are_made_of_our_own_words(path):
    """Markdown loads pictures from anywhere, so nothing computed goes in: only constants, or names of constants."""
    drawing = {
        "markdown",
        "caption",
        "title",
        "header",
        "subheader",
        "info",
        "warning",
        "error",
        "success",
        "toast",
        "badge",
    }
    told = []
    for call in calls(path):
        if call.func.attr in drawing and isinstance(call.func.value, ast.Name) and call.func.value.id == "st":
            parts = getattr(call.args[0], "values", [call.args[0]])  # of an f-string
            told += [
                ast.unparse(call)
                for part in parts
                if not isinstance(part, ast.Constant)
                and not (isinstance(part, ast.FormattedValue) and ast.unparse(part.value).isupper())
                and ast.unparse(part) != "page.title"  # declared in the menu
            ]
        told += [
            ast.unparse(call)
            for word in call.keywords
            if word.arg == "help" and not isinstance(word.value, ast.Constant)
        ]

    assert told == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_hold_no_sql_no_shared_resource_and_no_state_of_their_own(path):
    source = path.read_text(encoding="utf-8")
    written = re.findall(r"session_state\[\"?(\w+)\"?\]\s*(?:,.*)?=[^=]", source)
    widgets = set(re.findall(r"key=\"(\w+)\"", "".join(page.read_text(encoding="utf-8") for page in PAGES)))
    cached = re.findall(r"@st\.cache_data.*", source)

    assert not re.search(r"(?i)\bselect\b.+\bfrom\b|data\.query\(", source)
    assert "cache_resource" not in source
    assert set(written) <= widgets | {
        "let_in",
        "name",
        "answered",
        "looked",
        "here",
    }  # who gave the code of Setup, who writes, the answer to a question, which no link may ask, who looked, and where
    assert all("max_entries=" in one and "ttl" not in one for one in cached)
