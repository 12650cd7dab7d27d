"""Signing in as a GitHub App: a short letter signed with its key is exchanged for a token that lasts an hour."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path

import httpx
import jwt

from collectors.wire import Unauthorised
from data import CairnError

LETTER = 540  # seconds a signed letter is good for; GitHub allows ten minutes
BACK = 60  # seconds it is dated back, for clocks that do not quite agree
EARLY = 300  # seconds before its end at which a token is renewed
NAMES = ("GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_PRIVATE_KEY")


def installation(root: str, secret: Callable[[str], str]) -> "Installation | None":
    """Return the sign-in of the App the settings name, or None without GITHUB_APP_ID. Raises CairnError when some are missing."""
    told = {name: secret(name) for name in NAMES}
    if not told["GITHUB_APP_ID"]:
        return None
    if missing := [name for name, value in told.items() if not value]:
        raise CairnError(
            f"GITHUB_APP_ID is set, but not {' and '.join(missing)}.\n"
            "Put all three into the environment or into .env and run again; nothing was collected."
        )
    key = private_key(told["GITHUB_APP_PRIVATE_KEY"])
    found = Installation(root, told["GITHUB_APP_ID"], told["GITHUB_APP_INSTALLATION_ID"], key)
    try:
        found.letter()
    except (ValueError, TypeError, jwt.PyJWTError):
        raise CairnError(
            "GITHUB_APP_PRIVATE_KEY is not a private key that can be used: it should begin with '-----BEGIN'.\n"
            "Give the PEM text or the path of the file GitHub made when the key was created; nothing was collected."
        ) from None
    return found


def private_key(told: str) -> str:
    """Return the PEM text of a key given as such, with real or written line breaks, or as the path of a file."""
    if "-----BEGIN" in told:
        return told.replace("\\n", "\n")
    try:
        return Path(told).expanduser().read_text(encoding="ascii")
    except (OSError, ValueError):
        raise CairnError(
            "GITHUB_APP_PRIVATE_KEY is neither a PEM text nor the path of a file that can be read.\n"
            "Give one of the two; nothing was collected."
        ) from None


class Installation(httpx.Auth):
    """Signs every request with the installation's token; a token is renewed before it ends, and once after a 401.

    Times are the service's own: it says what time it is with every answer.
    """

    def __init__(self, root: str, app: str, installation: str, key: str) -> None:
        self.app, self.key = app, key
        self.address = f"{root}/app/installations/{installation}/access_tokens"
        self.ahead = time.time() - time.monotonic()  # of the service's clock; put right by its answers
        self.token, self.ends = "", 0.0
        self.lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Installation of App {self.app}"

    def now(self) -> float:
        """Return the service's time in epoch seconds."""
        return time.monotonic() + self.ahead

    def letter(self) -> str:
        """Return a letter that says who we are, good for less than ten minutes."""
        now = int(self.now())
        return jwt.encode({"iat": now - BACK, "exp": now + LETTER - BACK, "iss": self.app}, self.key, algorithm="RS256")

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Yield the requests it takes to send one: most often itself alone."""
        spoilt = ""
        for _ in range(2):
            async with self.lock:  # one renewal serves everybody who waits
                if self.token == spoilt or self.now() > self.ends - EARLY:
                    for _ in range(2):
                        answer = yield self.ask(request)
                        await answer.aread()
                        self.hear(answer)
                        if answer.status_code != HTTPStatus.UNAUTHORIZED:
                            break  # otherwise our clock was wrong; now it is the service's
                    self.take(answer)
                token = self.token
            request.headers["Authorization"] = f"Bearer {token}"
            answer = yield request
            self.hear(answer)
            if answer.status_code != HTTPStatus.UNAUTHORIZED:
                return
            spoilt = token

    def ask(self, request: httpx.Request) -> httpx.Request:
        """Return the request for a token."""
        kept = ("user-agent", "accept", "x-github-api-version")
        headers = {name: value for name, value in request.headers.items() if name.lower() in kept}
        return httpx.Request(
            "POST",
            self.address,
            headers={**headers, "Authorization": f"Bearer {self.letter()}"},
            extensions=request.extensions,
        )

    def hear(self, answer: httpx.Response) -> None:
        """Set our clock by the service's."""
        if told := answer.headers.get("date"):
            self.ahead = parsedate_to_datetime(told).timestamp() - time.monotonic()

    def take(self, answer: httpx.Response) -> None:
        """Take the token out of an answer. Raises Unauthorised when it was refused, a TransportError when it may pass."""
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise httpx.RemoteProtocolError(f"no token ({answer.status_code})")
        if answer.status_code != HTTPStatus.CREATED:
            raise Unauthorised(
                f"GitHub refused the App's sign-in ({answer.status_code}):"
                f" App {self.app}, its installation or its private key is wrong, or it was uninstalled."
                " Correct the GITHUB_APP_ settings and run again; nothing was lost."
            )
        try:
            told = json.loads(answer.content)
            ends = datetime.fromisoformat(told["expires_at"])
            self.token, self.ends = str(told["token"]), ends.replace(tzinfo=ends.tzinfo or UTC).timestamp()
        except (ValueError, KeyError, TypeError):
            raise httpx.RemoteProtocolError("an answer without a token") from None
