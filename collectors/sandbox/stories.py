"""What happened at the company: the one table that life is made from and that signals can be checked against."""

from dataclasses import dataclass
from datetime import date, timedelta

CHRISTMAS = ((12, 22), (1, 4))  # first and last day of the quiet fortnight


@dataclass(frozen=True)
class Story:
    """One thing that happened, where, when, and how much of it a metric should show.

    `weeks` are (first, last) offsets from the anchor's week, last excluded, None for "until today". `size` is the rate
    after divided by the rate before; `rate` names what the life of the company multiplies by it ("" where it is told
    in another way). `direction` is what a metric should show: up, down, none (nothing should be claimed), gap, dip, begins.
    """

    name: str
    what: str
    place: str
    rate: str
    size: float
    direction: str
    weeks: tuple[int, int | None]
    metrics: tuple[str, ...]
    days: tuple[int, int] = (0, 7)  # which days of those weeks, Monday is 0, last excluded


STORIES = (
    Story(
        "reviews_wait", "Pull requests of search begin to wait about a day for their first review.",
        "search", "pickup", 5.0, "up", (55, None), ("pickup_time", "pull_request_cycle_time", "change_lead_time"),
    ),
    Story(
        "bug_wave", "After a large release, checkout gets several times its usual bugs for four weeks.",
        "checkout", "bugs", 8.0, "up", (44, 48), ("bugs_opened", "bugs_resolved", "open_bugs"),
    ),
    Story(
        "provision_launched", "The Workflow 'Provision service' opens; about four runs a week from nothing.",
        "platform", "provision", float("inf"), "begins", (24, None), ("workflow_runs",),
    ),
    Story(
        "requests_displaced", "Manual requests 'New service' in OPS fall to a quarter; the runs exceed what they lost.",
        "OPS", "New service", 0.25, "down", (24, None), ("requests",),
    ),
    Story(
        "one_person_knows", "Nearly every change to ledger comes from one person.",
        "ledger", "", 1.0, "none", (0, None), ("throughput",),
    ),
    Story(
        "experiment_worked", "Catalogue tries small pull requests: review time falls to less than half and stays there.",
        "catalogue", "review", 0.4, "down", (36, None), ("review_time", "pull_request_cycle_time"),
    ),
    Story(
        "experiment_failed", "Storefront tries a fixed merge hour for twelve weeks: merge time does not move.",
        "storefront", "merge", 1.0, "none", (36, 48), ("merge_time",),
    ),
    Story(
        "experiment_too_short", "The mobile app tries review by pairs for two weeks: too few pull requests to tell.",
        "mobile-app", "pickup", 0.8, "none", (58, 60), ("pickup_time",),
    ),
    Story(
        "pull_requests_forgotten", "One pull request in two hundred is forgotten and stays open, so those that are open grow old.",
        "", "", 1.0, "up", (0, None), ("age_of_open_pull_requests",),
    ),
    Story(
        "recorder_down", "On three working days no deployment and no run was recorded, though work went on.",
        "", "recorded", 0.0, "gap", (33, 34), ("deployment_frequency", "workflow_runs"), days=(1, 4),
    ),
    Story(
        "holidays", "Around Christmas only a quarter of the usual work is done; from 22 December to 4 January.",
        "", "work", 0.25, "dip", (0, None), ("throughput", "deployment_frequency", "bugs_opened"),
    ),
)  # fmt: skip
RATES = {rate: [story for story in STORIES if story.rate == rate] for rate in {story.rate for story in STORIES} - {""}}


def quiet(day: date) -> bool:
    """Whether a day lies in the quiet fortnight around Christmas."""
    return (day.month, day.day) >= CHRISTMAS[0] or (day.month, day.day) <= CHRISTMAS[1]


def factor(rate: str, place: str, day: date, anchor: date) -> float:
    """Return how much larger a rate is at a place on a day than in a usual week."""
    week, weekday = divmod((day - anchor).days, 7)
    found = 1.0
    for story in RATES.get(rate, ()):
        first, last = story.weeks
        here = story.place in {"", place} and story.days[0] <= weekday < story.days[1]
        if here and week >= first and (last is None or week < last) and (story.name != "holidays" or quiet(day)):
            found *= story.size
    return found


def span(story: Story, anchor: date) -> tuple[date, date | None]:
    """Return the first day of a story and the day after its last one (None: it goes on); the holidays come every year."""
    first, last = story.weeks
    starts = anchor + timedelta(weeks=first, days=story.days[0])
    if last is None:
        return starts, None
    return starts, anchor + timedelta(weeks=last - 1, days=story.days[1])
