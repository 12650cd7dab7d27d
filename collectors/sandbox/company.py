"""Marrowby, a made-up company that lends tools from lockers: who works there, on what, and at which pace."""

from dataclasses import dataclass

OWNER = "marrowby"
GITHUB = "https://github.sandbox.example"
JIRA = "https://jira.sandbox.example"
ZONE = "Europe/Berlin"
WEEKS = 72  # how long the company's life is told, from its anchor day on
PREHISTORY = 12  # weeks before the anchor whose unfinished work is still there on the anchor day
SEASON = 10  # weeks of a milestone


@dataclass(frozen=True)
class Service:
    """One service with its repository; rates are a usual week's, hours are working hours."""

    name: str
    team: str
    project: str
    pulls: float
    bugs: float
    release: str = "merge"  # "merge": after every merge, "daily": once a day, "weekly": by train
    weekday: int = 1
    environment: str = "production"
    owner: str | None = None  # the one person who knows it

    @property
    def repository(self) -> str:
        """Return the full name of its repository."""
        return f"{OWNER}/{self.name}"


SERVICES = (
    Service("storefront", "Storefront", "SHOP", pulls=6.0, bugs=1.0),
    Service("catalogue", "Storefront", "SHOP", pulls=4.5, bugs=0.7),
    Service("search", "Storefront", "SHOP", pulls=5.0, bugs=0.6),
    Service("mobile-app", "Storefront", "SHOP", pulls=2.0, bugs=0.8, release="weekly", weekday=3),
    Service("checkout", "Payments", "PAY", pulls=4.5, bugs=0.8),
    Service("invoicing", "Payments", "PAY", pulls=3.0, bugs=0.5, release="weekly", weekday=2),
    Service("ledger", "Payments", "PAY", pulls=2.5, bugs=0.3, release="weekly", environment="prod", owner="tovi-hazel"),
    Service("platform", "Platform", "OPS", pulls=3.0, bugs=0.4, release="daily"),
    Service("identity", "Platform", "OPS", pulls=2.5, bugs=0.4, release="daily"),
    Service("notifications", "Platform", "OPS", pulls=2.5, bugs=0.4),
)
PEOPLE = {
    "Storefront": ("odi-sorrel", "bram-teasel", "inu-yarrow", "kofa-alder", "lumi-sedge"),
    "Payments": ("tovi-hazel", "mara-tansy", "noro-bracken", "okko-campion", "pim-clover"),
    "Platform": ("quill-larch", "roa-mallow", "sanu-rowan", "umi-juniper", "wrena-aspen"),
}
BOTS = ("renewbot", "style-owl", "deploy-lantern")  # dependency updates, review remarks, deployments
MANNEQUIN = "imported-ash"  # somebody from before the move to this GitHub
TYPES = {**dict.fromkeys(BOTS, "Bot"), MANNEQUIN: "Mannequin"}
RENEWALS = 0.45  # dependency updates a week in each repository

REQUESTS = {"New service": 3.6, "Access request": 3.0, "Database": 1.2}  # manual requests a week
PROVISION = ("Provision service", ".github/workflows/provision-service.yml")
PROVISIONS = 4.2  # runs a week once the Workflow is there

PROJECTS = {"SHOP": "Storefront", "PAY": "Payments", "OPS": "Platform and operations"}
STATUSES = {  # name -> (id, category); the company's Jira speaks some German
    "To Do": ("10000", "new"),
    "In Progress": ("3", "indeterminate"),
    "In Review": ("10001", "indeterminate"),
    "Blocked": ("10002", "indeterminate"),
    "Wartet auf Antwort": ("10004", "indeterminate"),
    "Done": ("10003", "done"),
}
CAUSED = {"id": "10100", "name": "Problem/Incident", "inward": "is caused by", "outward": "causes"}
RELATES = {"id": "10101", "name": "Relates", "inward": "relates to", "outward": "relates to"}
ISSUE_TYPES = {
    name: str(10010 + place)
    for place, name in enumerate(("Epic", "Story", "Task", "Bug", "Incident", "Service request", "Experiment"))
}
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
RESOLUTIONS = {"Done": "10000", "Won't Do": "10001", "Duplicate": "10002"}
REQUEST_TYPE, POINTS, RANK, SPRINT = "customfield_10010", "customfield_10016", "customfield_10019", "customfield_10020"

VERBS = ("Add", "Show", "Cache", "Simplify", "Speed up", "Retry", "Validate", "Rename", "Split", "Log", "Guard", "Sort")
THINGS = (
    "locker opening hours", "deposit refunds", "ladder availability", "late return fees", "pickup codes", "drill bundles",
    "invoice footers", "search by street", "damage photos", "push messages", "basket totals", "opening calendars",
    "tool reviews", "address checks", "session tokens", "price rules", "audit entries", "courier slots",
)  # fmt: skip
FAULTS = (
    "is empty",
    "shows twice",
    "is off by one day",
    "times out",
    "ignores the language",
    "is cut off",
    "fails on Mondays",
)


def season(week: float) -> str:
    """Return what the milestone of a week is called, in every repository."""
    return f"Season {int(week // SEASON) + 1}"


def wanted(thing: str) -> str:
    """Return what a request calls a new thing, and which service it is for: always the same one, so that a life stays as it was."""
    others = [service.name for service in SERVICES if service.team != "Platform"]
    return f"{thing.replace(' ', '-')} for {others[THINGS.index(thing) % len(others)]}"
