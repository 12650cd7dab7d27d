"""How it comes in: the streams of every service, in the order they are read."""

from collectors import github, jira, usage

STREAMS = {"github": github.STREAMS, "jira": jira.STREAMS, "usage": usage.STREAMS}
