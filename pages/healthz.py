"""Whether the dashboard is well, for whatever watches it: small JSON and a status, behind the same guard as every page."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from data import health
from pages import safe


def _answer(_: Request) -> Response:
    """Return 200 when the numbers are current, 503 when they are old, when there are none yet and when they cannot be read."""
    found = health.state(datetime.now(UTC).replace(tzinfo=None))
    status = 200 if found.word == "ok" else 503
    return JSONResponse(found.told(), status, headers={"cache-control": "no-store"})


def healthz() -> Route:
    """Return the route, below the path that Cairn is served at."""
    return Route(f"{safe.root()}/healthz", _answer)
