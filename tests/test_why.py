"""Of a description only what says why comes in: a sentence or two, on one line, without addresses, mentions and secrets."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from collectors.github import PULL_REQUESTS
from collectors.jira_search import issue
from collectors.stream import rows
from collectors.why import MOST, READ, why
from data import Reject, Row, query

TEMPLATE = "<!-- Why? Because we ask so that we know. -->\n- [ ] I did this because I was asked to\n"
AT: Any = SimpleNamespace(scope="jira.example")


def text(words: str, *marks: str) -> dict[str, Any]:
    return {"type": "text", "text": words, "marks": [{"type": mark} for mark in marks]}


def node(kind: str, *content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    return {"type": kind, "content": list(content), "attrs": attrs}


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ("## Why\n\nPeople wait\nfor days.\n\nMore.\n\n## What\n\nA cache.", "People wait for days."),
        ("Motivation and Context\n======\nPeople wait for days.", "People wait for days."),
        ("### 🤔 What problem does this solve?\r\n\r\nPeople wait.", "People wait."),
        ("<h3>Why</h3><p>People <i>wait</i> &amp; call.</p>", "People wait & call."),
        ("Adds a cache.\n**Why:** people wait.\n**How:** a cache.", "people wait."),
        ("- *Problem*: people wait\n- *Answer*: a cache", "people wait"),
        ("h3. Background\nPeople {color:red}wait{color} [for us|https://x.example/1].\nh3. Next", "People wait for us."),
        ("Rationale: [people](https://x.example/a_(b) 'c') `wait` ![x](y.png) https://x.example", "people wait"),
        ("A cache. It is there so that people\nwait less. And more.", "It is there so that people wait less."),
        (f"{TEMPLATE}## Why\n{TEMPLATE}\nN/A\n\n## Context\nFixes #12\n\nPeople wait.", "People wait."),
        ("> because he said so\n\n```\nbecause of code here\n```\n{code}because it is code{code}\nNothing.", None),
        ("## Why not\n\nIt is late.\n\n## Steps to reproduce the problem\n\nClick twice.", None),
        ("Does this work because of that? It did not, because:\n\n- no", None),
        (TEMPLATE, None),
        ("## Why\n\n## How\n\nWith a cache.", None),
        ("", None),
        (None, None),
        (7, None),
        (node("doc", node("heading", text("Why")), node("paragraph", text("People "), text("wait.", "strong"))), "People wait."),
        (node("doc", node("bulletList", node("listItem", node("paragraph", text("Why:", "strong"), text(" people wait"))))), "people wait"),
        (node("doc", node("codeBlock", text("because of code")), node("new", node("paragraph", text("Here because people wait.")))), "Here because people wait."),
        (node("doc", node("taskItem", text("because it is to do"), state="TODO"), {"type": 3}, {"type": "text", "content": 7}), None),
    ],
)  # fmt: skip
def test_what_a_description_says_about_why_is_found_in_each_of_its_forms_and_nowhere_else(description, told):
    assert why(description) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Asked for by @ann, because people wait.", "Asked because people wait."),
        ("Asked for by [~accountid:71:ab] because people wait.", "Asked because people wait."),
        ("Write to ann@acme.example or <bo@acme.example> because people wait.", "Write because people wait."),
        ("It fails because ghp_16C7e42F292c6912E7710c8 is the key.", "It fails because is the key."),
        ("cc @ann because @bo and @cy", None),
        ("## Why\n@ann wants it.\n\nSigned-off-by: Ann <ann@acme.example>\n\nPeople wait.", "People wait."),
    ],
)
def test_mentions_addresses_and_what_looks_like_a_secret_are_taken_out(said, told):
    assert why(said) == told
    assert why(node("doc", node("paragraph", text("So "), node("mention", text="@ann"), text(" asks.")))) is None


def test_it_is_one_line_of_at_most_three_hundred_characters_that_ends_with_a_sentence_or_a_word():
    sentences = why("## Why\n\n" + "People wait for days.\n" * 40)
    words = why("Why: " + "people wait " * 100)

    assert sentences == " ".join(["People wait for days."] * 13)
    assert words == f"{'people wait ' * 24}people…"
    assert max(len(told or "") for told in (sentences, words, why("Why: so " + "wait" * 1000))) <= MOST


@pytest.mark.parametrize(
    "sign", "<!-- # [ [a]( ![ !a.b| {code: {{ <a < * _ ` - | @ \\ &#9 > = a1 because\t why: **why why/and\n".split(" ")
)
def test_time_grows_with_the_length_of_what_is_read_and_nothing_beyond_is_read(sign):
    def spent(length: int) -> float:
        """Return the least of some turns: the others had company."""
        said, took = f"Because why {sign * (length // len(sign))}", []
        for _ in range(7):
            began = time.process_time()
            why(said)
            took.append(time.process_time() - began)
        return min(took)

    assert spent(READ) < 11 * spent(READ // 4), "four times where it grows with the length, sixteen with its square"
    hostile = f"Because why {sign * READ}"
    assert why(f"{hostile[:READ]} so that nobody waits") == why(hostile[:READ])


def test_a_document_is_read_as_far_as_a_text_however_deep_or_wide():
    deep: dict[str, Any] = node("paragraph", text("because it is deep"))
    for _ in range(READ):
        deep = node("panel", deep)

    assert why(deep) is None
    assert why(node("doc", *[text("no ")] * READ, node("paragraph", text("because it is far")))) is None


def test_nothing_else_of_a_description_is_kept_in_the_store_or_set_aside_and_the_nouns_say_it(landed):
    secret = "Because people wait.\n\nThe password is hunter2, ask ann@acme.example."
    lists = {one.name: {"pageInfo": {}, "nodes": []} for one in PULL_REQUESTS.nested}
    made = {"updatedAt": "2026-03-02T09:00:00Z", "createdAt": "2026-03-02T09:00:00Z", **lists}
    pulls = [{"id": f"P{n}", "title": "A cache", "body": body, **made} for n, body in enumerate((secret, ""))]
    fields = {"summary": "A cache", "updated": "2026-03-02T09:00:00.000+0000", "project": {"key": "SHOP"}}
    tickets = [
        {"id": "1", "key": "SHOP-1", "fields": {**fields, "description": node("doc", node("paragraph", text(secret)))}}
    ]
    odd = {"body": secret, "id": "P9"}
    told = [
        rows([*pulls, odd], lambda one: PULL_REQUESTS.row(one, "acme/checkout"), "acme/checkout"),
        rows([*tickets, {"id": "9", "fields": {"description": secret}}], lambda one: issue(AT, one, {}), AT.scope),
    ]
    before = Row("P7", told[0][0].version, {"id": "P7", **made}, "acme/checkout")  # pyright: ignore[reportAttributeAccessIssue]

    assert [isinstance(one, Reject) for kind in told for one in kind] == [False, False, True, False, True]
    assert "hunter2" not in str(told)
    landed(github_pull_requests=[*told[0], before], jira_issues=told[1])
    found = query("select id, why from pull_requests union all select key, why from issues order by 1")
    assert dict(zip(found["id"], found["why"].fillna(""), strict=True)) == {
        "P0": "Because people wait.", "P1": "", "P7": "", "SHOP-1": "Because people wait.",
    }  # fmt: skip
