"""The sandbox company's two servers as one ASGI app: GitHub and Jira Cloud as they answer on a given day."""

import hashlib
import json
import re
from datetime import date
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collectors.sandbox import github_shapes, graphql_server, jira_shapes
from collectors.sandbox.hours import noon
from collectors.sandbox.jira_server import Jira, Wrong
from collectors.sandbox.life import live
from collectors.sandbox.rest_server import Rest

LOWEST = 1000  # the budget shrinks as it is used, but a demo never runs out
LIVES = lru_cache(2)(live)  # each is told once


class Company:
    """Both servers, with the clock at the start of one day in UTC."""

    def __init__(self, anchor: date, until: date, seed: int) -> None:
        diary, self.now, self.left, self.asked = LIVES(anchor, seed), noon(until, 0), 5000, 0
        self.github = github_shapes.github(diary, self.now)
        self.rest = Rest(self.github, self.now)
        self.jira = Jira(jira_shapes.issues(diary, self.now), self.now)

    def _send(self, request: Request, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {**(headers or {}), "date": formatdate(self.now, usegmt=True)}
        if request.method == "GET" and status == 200:
            headers["etag"] = f'W/"{hashlib.sha256(content).hexdigest()}"'
            if request.headers.get("if-none-match") == headers["etag"]:
                return Response(status_code=304, headers=headers)
        return Response(content, status, headers, "application/json")

    def _github(
        self, request: Request, body: Any, status: int = 200, points: int = 1, link: str | None = None
    ) -> Response:
        """Send what GitHub sends, with what is left of the budget."""
        self.asked, self.left = self.asked + 1, max(LOWEST, self.left - points)
        budget = {
            "limit": "5000",
            "remaining": str(self.left),
            "used": str(5000 - self.left),
            "reset": str(self.now + 3600),
        }
        headers = {f"x-ratelimit-{name}": value for name, value in budget.items()} | {
            "x-github-request-id": f"{self.asked:08X}"
        }
        return self._send(request, body, status, {**headers, "link": link} if link else headers)

    async def answer_rest(self, request: Request) -> Response:
        """Answer for GitHub's REST API."""
        if "authorization" not in request.headers:
            return self._send(request, {"message": "Requires authentication", "status": "401"}, 401)
        try:
            body, link = self.rest.get(request.path_params["path"].strip("/"), dict(request.query_params))
        except ValueError:
            return self._github(request, {"message": "Validation Failed", "status": "422"}, 422)
        if body is None:
            return self._github(request, {"message": "Not Found", "status": "404"}, 404)
        return self._github(request, body, link=link)

    async def answer_graphql(self, request: Request) -> Response:
        """Answer for GitHub's GraphQL API."""
        if "authorization" not in request.headers:
            return self._send(request, {"message": "This endpoint requires you to be authenticated."}, 401)
        try:
            asked = json.loads(await request.body())
            text, variables = str(asked["query"]), dict(asked.get("variables") or {})
        except (ValueError, KeyError, TypeError):
            return self._send(request, {"message": "Problems parsing JSON"}, 400)
        reset = github_shapes.iso(self.now + 3600)
        body, points = graphql_server.answer(self.github, text, variables, reset, self.left)
        return self._github(request, body, points=points)

    async def answer_jira(self, request: Request) -> Response:
        """Answer for Jira Cloud's REST API, version 2 or 3, and for the boards and sprints of its agile API."""
        path, status = re.sub("^api/[23]/", "", request.path_params["path"].strip("/")), 200
        try:
            if "authorization" not in request.headers:
                body, status = {"errorMessages": ["You are not authenticated."], "errors": {}}, 401
            elif request.method == "GET":
                body = self.jira.get(path, dict(request.query_params))
            else:
                body = self.jira.post(path, json.loads(await request.body()))
        except Wrong as wrong:
            body, status = {"errorMessages": [str(wrong)], "errors": {}}, 400
        except (ValueError, TypeError, AttributeError):
            body, status = {"errorMessages": ["Invalid request payload."], "errors": {}}, 400
        if body is None:
            body, status = {"errorMessages": ["Not found"], "errors": {}}, 404
        return self._send(request, body, status)


def serve(anchor: date, until: date, seed: int) -> Starlette:
    """Return the ASGI app of the company whose life began on `anchor`, as of `until` 00:00 UTC."""
    company = Company(anchor, until, seed)
    routes = [
        Route("/api/graphql", company.answer_graphql, methods=["POST"]),
        Route("/api/v3/{path:path}", company.answer_rest),
        Route("/rest/{path:path}", company.answer_jira, methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes)
