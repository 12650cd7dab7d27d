"""Jira Cloud below /rest/api/3: the part of its REST API and of JQL that a collector needs."""

import base64
import json
import operator
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from collectors.sandbox import jira_shapes
from collectors.sandbox.company import (
    CAUSED,
    JIRA,
    POINTS,
    PRIORITIES,
    PROJECTS,
    RANK,
    RELATES,
    REQUEST_TYPE,
    SPRINT,
    STATUSES,
)
from collectors.sandbox.jira_shapes import BERLIN, Seen, Shape

CLAUSE = re.compile(
    r"\s*(\w+)\s*(>=|<=|!=|=|>|<|\bnot in\b|\bin\b)\s*(\([^)]*\)|\"[^\"]*\"|'[^']*'|[\w-]+)\s*", re.IGNORECASE
)
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq, "!=": operator.ne,
    "in": lambda value, wanted: value in wanted, "not in": lambda value, wanted: value not in wanted,
}  # fmt: skip
VALUES: dict[str, Callable[[Seen], Any]] = {
    "project": lambda seen: seen.ticket.project,
    "updated": lambda seen: seen.updated,
    "created": lambda seen: seen.created,
    "id": lambda seen: seen.ticket.ident,
    "key": lambda seen: seen.key,
    "issuetype": lambda seen: seen.ticket.kind.upper(),
}
FORMS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
FIELDS = (
    "summary", "description", "issuetype", "status", "project", "priority", "resolution", "created", "updated", "resolutiondate", "labels",
    "components", "parent", "assignee", "reporter", "creator", "versions", "fixVersions", "issuelinks",
)  # fmt: skip
CUSTOM = {
    POINTS: ("Story point estimate", "com.pyxis.greenhopper.jira:jsw-story-points"),
    SPRINT: ("Sprint", "com.pyxis.greenhopper.jira:gh-sprint"),
    RANK: ("Rank", "com.pyxis.greenhopper.jira:gh-lexo-rank"),
    REQUEST_TYPE: ("Request Type", "com.atlassian.servicedesk:vp-origin"),
}


class Wrong(Exception):
    """A question Jira answers with 400 and its errorMessages."""


def _date(name: str, word: str) -> int:
    """Return epoch milliseconds; a date in words is read in the account's time zone, as Jira does."""
    if word.isdigit():
        return int(word)
    for form in FORMS:
        try:
            return int(datetime.strptime(word, form).replace(tzinfo=BERLIN).timestamp() * 1000)
        except ValueError:
            continue
    raise Wrong(
        f"Date value '{word}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd'."
    )


def _operand(name: str, text: str) -> Any:
    words: list[Any] = [part.strip().strip("\"'") for part in text.strip("()").split(",")]
    if name in {"updated", "created"}:
        words = [_date(name, word) for word in words]
    elif name == "id":
        words = [int(word) for word in words if word.isdigit()]
    else:
        words = [word.upper() for word in words]
    unknown = [word for word in words if name == "project" and word not in PROJECTS]
    if unknown or not words:
        raise Wrong(f"The value '{(unknown or [text])[0]}' does not exist for the field '{name}'.")
    return words if text.startswith("(") else words[0]


def find(issues: list[Seen], jql: str) -> list[Seen]:
    """Return the issues a query names, in its order. Raises Wrong in Jira's words."""
    where, *order = re.split(r"\border\s+by\b", jql.strip(), flags=re.IGNORECASE)
    if not where.strip():
        raise Wrong("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    for clause in re.split(r"\band\b", where, flags=re.IGNORECASE):
        match = CLAUSE.fullmatch(clause)
        if not match or match[1].lower() not in VALUES:
            raise Wrong(f"Error in the JQL Query: '{clause.strip()}' is not understood.")
        name, test = match[1].lower(), TESTS[match[2].lower()]
        value, operand = VALUES[name], _operand(name, match[3])
        issues = [seen for seen in issues if test(value(seen), operand)]
    found = sorted(issues, key=lambda seen: -seen.created)
    for part in reversed(order[0].split(",") if order else ()):
        name, *way = part.lower().split()
        if name not in VALUES:
            raise Wrong(f"Field '{name}' does not exist or you do not have permission to view it.")
        by_number: Callable[[Seen], Any] = lambda seen: (seen.ticket.project, seen.ticket.number)  # noqa: E731
        found.sort(key=by_number if name == "key" else VALUES[name], reverse=way == ["desc"])
    return found


def _token(**place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(token: str | None) -> Shape:
    try:
        return json.loads(base64.urlsafe_b64decode(token)) if token else {}
    except ValueError:
        raise Wrong("The provided nextPageToken is invalid.") from None


class Jira:
    """The company's Jira on one day. `now` is its clock, in epoch seconds."""

    def __init__(self, issues: list[Seen], now: int) -> None:
        self.issues = issues
        self.known = {name: seen for seen in issues for name in (seen.ident, seen.key)}
        projects = [jira_shapes.project(key) for key in PROJECTS]
        self.fixed: dict[str, Any] = {
            "serverInfo": {
                "baseUrl": JIRA, "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0], "deploymentType": "Cloud",
                "serverTime": jira_shapes.moment(now * 1000), "serverTitle": "Jira",
            },
            "myself": jira_shapes.person("sandbox-reader"),
            "field": [{"id": name, "key": name, "name": name.title(), "custom": False, "schema": {"system": name}} for name in FIELDS]
            + [{"id": name, "key": name, "name": title, "custom": True, "schema": {"custom": kind}} for name, (title, kind) in CUSTOM.items()],
            "issueLinkType": {"issueLinkTypes": [CAUSED, RELATES]},
            "status": [jira_shapes.status(name) for name in STATUSES],
            "priority": [jira_shapes.priority(name) for name in PRIORITIES],
            "project/search": {"maxResults": 50, "startAt": 0, "total": len(projects), "isLast": True, "values": projects},
        } | {f"project/{project['key']}": project for project in projects}  # fmt: skip
        since = min((seen.created for seen in issues), default=now * 1000) // 1000
        self.boards = [jira_shapes.board(key) for key in PROJECTS]
        self.sprints = {
            board["id"]: jira_shapes.sprints(board["location"]["projectKey"], since, now) for board in self.boards
        }
        self.now = now

    def get(self, path: str, query: Shape) -> Any:
        """Return the answer to a GET below /rest/api/3, or None where there is nothing."""
        if path == "mypermissions":
            names = query.get("permissions", "BROWSE_PROJECTS").split(",")
            return {"permissions": {name: {"key": name, "type": "PROJECT", "havePermission": True} for name in names}}
        if path.startswith("agile/1.0/"):
            return self._agile(path.removeprefix("agile/1.0/"), query)
        if path in {"worklog/updated", "worklog/deleted"}:
            return {"values": [], "since": 0, "until": self.now * 1000, "lastPage": True}
        return self.fixed.get(path)

    def _agile(self, path: str, query: Shape) -> Any:
        found: list[Shape] = []
        match path.split("/"):
            case ["board"]:
                wanted = query.get("projectKeyOrId")
                found = [b for b in self.boards if wanted in {None, b["location"]["projectKey"]}]
            case ["board", ident, "sprint"]:
                states = query.get("state", "closed,active,future").split(",")
                found = [s for s in self.sprints.get(int(ident), ()) if s["state"] in states]
            case ["sprint", ident]:
                return next((s for some in self.sprints.values() for s in some if s["id"] == int(ident)), None)
            case _:
                return None
        start = int(query.get("startAt") or 0)
        end = start + min(50, int(query.get("maxResults") or 50))
        last = {"startAt": start, "maxResults": end - start, "isLast": end >= len(found)}
        return {**last, "total": len(found), "values": found[start:end]}

    def post(self, path: str, asked: Shape) -> Any:
        """Return the answer to a POST below /rest/api/3, or None where there is nothing. Raises Wrong for a wrong question."""
        names = [str(name) for name in asked.get("issueIdsOrKeys") or ()]
        match path:
            case "search/jql":
                return self._search(asked)
            case "search/approximate-count":
                return {"count": len(find(self.issues, asked.get("jql") or ""))}
            case "worklog/list":
                return []
            case "issue/bulkfetch":
                wanted: set[str] = set(asked.get("fields") or ("*navigable",))
                return {
                    "issues": [jira_shapes.issue(seen, wanted) for seen in self._named(names, 100)],
                    "issueErrors": [],
                }
            case "changelog/bulkfetch":
                return self._changelogs(self._named(names, 1000), asked)
        return None

    def _named(self, names: list[str], most: int) -> list[Seen]:
        if not 1 <= len(names) <= most:
            raise Wrong(f"The number of issues should be between 1 and {most}.")
        return sorted({self.known[name] for name in names if name in self.known}, key=lambda seen: seen.ticket.ident)

    def _search(self, asked: Shape) -> Shape:
        jql, wanted, place = (
            asked.get("jql") or "",
            set(asked.get("fields") or ("id",)),
            _place(asked.get("nextPageToken")),
        )
        if place.get("jql", jql) != jql:
            raise Wrong("The provided nextPageToken is invalid.")
        found, start = find(self.issues, jql), place.get("at", 0)
        end = start + max(1, min(int(asked.get("maxResults") or 50), 100 if wanted - {"id", "key"} else 5000))
        more = {"nextPageToken": _token(jql=jql, at=end)} if end < len(found) else {}
        return {"issues": [jira_shapes.issue(seen, wanted) for seen in found[start:end]], "isLast": not more, **more}

    def _changelogs(self, issues: list[Seen], asked: Shape) -> Shape:
        fields = asked.get("fieldIds")
        if fields and len(fields) > 10:
            raise Wrong("The number of field ids should not be more than 10.")
        rows = [
            (seen.ident, history) for seen in issues for history in jira_shapes.histories(seen, fields and set(fields))
        ]
        start = _place(asked.get("nextPageToken")).get("at", 0)
        end = start + max(1, min(int(asked.get("maxResults") or 1000), 10_000))
        logs: dict[str, list[Shape]] = {}
        for ident, history in rows[start:end]:
            logs.setdefault(ident, []).append(history)
        more = {"nextPageToken": _token(at=end)} if end < len(rows) else {}
        return {
            "issueChangeLogs": [{"issueId": ident, "changeHistories": found} for ident, found in logs.items()],
            **more,
        }
