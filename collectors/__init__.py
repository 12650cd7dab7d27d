"""How it comes in: the streams of every service, in the order they are read."""

import sys

# What is sent needs neither: httpx would load its own command line and all that colours it, and httpcore would look for
# sniffio, which is not there, at every request. Together they take a tenth of a second.
for unneeded in ("httpx._main", "sniffio"):
    sys.modules.setdefault(unneeded, None)  # pyright: ignore[reportArgumentType]

from collectors import github, jira, usage  # noqa: E402

STREAMS = {"github": github.STREAMS, "jira": jira.STREAMS, "usage": usage.STREAMS}
