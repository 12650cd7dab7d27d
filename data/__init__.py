"""Where it stays: what the APIs said, the nouns made of it, the edition that is read, and the team's own words."""

from data.editions import Edition, as_of, asked, asking, company, edition, flattened, publish, query, team
from data.errors import CairnError, NeverCollectedError, OlderError
from data.store import Due, Landed, Live, Origin, Progress, Reject, Row, home
from data.team import Team, read_team, team_file

__all__ = [
    "CairnError",
    "Due",
    "Edition",
    "Landed",
    "Live",
    "NeverCollectedError",
    "OlderError",
    "Origin",
    "Progress",
    "Reject",
    "Row",
    "Team",
    "as_of",
    "asked",
    "asking",
    "company",
    "edition",
    "flattened",
    "home",
    "publish",
    "query",
    "read_team",
    "team",
    "team_file",
]
