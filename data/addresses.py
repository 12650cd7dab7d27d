"""What is not let in: e-mail addresses and pictures of people. Nobody asked for them, so they are not kept."""

import re
from typing import Any

KEPT_OUT = {"email", "emailAddress", "avatarUrl", "avatar_url", "avatarUrls", "gravatar_id"}
TRACE = re.compile(f'"(?:{"|".join(sorted(KEPT_OUT))})"')


def without_addresses(body: Any) -> Any:
    """Return a body without e-mail addresses and pictures of people."""
    if isinstance(body, dict):
        return {key: without_addresses(value) for key, value in body.items() if key not in KEPT_OUT}
    if isinstance(body, list):
        return [without_addresses(one) for one in body]
    return body
