"""The life of the company, told from its first day to its last, whatever day it is asked about."""

from datetime import date

from collectors.sandbox import tickets
from collectors.sandbox.company import PEOPLE, PROVISION, PROVISIONS, SERVICES, THINGS, wanted
from collectors.sandbox.diary import Diary
from collectors.sandbox.hours import noon
from collectors.sandbox.pulls import pulls
from collectors.sandbox.records import MINUTE, Run, sha
from collectors.sandbox.shipping import Shipping
from collectors.sandbox.stories import STORIES, span

PLATFORM = next(service for service in SERVICES if service.name == "platform")
EVERYONE = [login for people in PEOPLE.values() for login in people]


def live(anchor: date, seed: int) -> Diary:
    """Return everything that happens at the company from the anchor day on; the same seed tells the same life."""
    diary = Diary(anchor, seed)
    epics = tickets.epics(diary)
    for service in SERVICES:
        tickets.issues(diary, service)
        pulls(diary, service, epics)
        Shipping(diary, service).ship()
        tickets.bugs(diary, service)
    tickets.requests(diary)
    tickets.experiments(diary)
    _provisions(diary)
    _nightly(diary)
    _lose_days(diary)
    diary.settle()
    return diary


def _provisions(diary: Diary) -> None:
    """Run the Workflow that replaces the request for a new service."""
    r, (name, path) = diary.random("provisions"), PROVISION
    for at in diary.moments(r, "", PLATFORM.name, PROVISIONS):
        if diary.scale("provision", PLATFORM, at) > 1:
            title, who = f"{name}: {wanted(r.choice(THINGS))}", r.choice(EVERYONE)
            end = at + int(r.uniform(6, 12) * MINUTE)
            attempt = (at, end, r.choices(("success", "failure", "cancelled"), (91, 7, 2))[0])
            diary.runs.append(
                Run(PLATFORM, name, path, "workflow_dispatch", title, sha("main", at), "main", who, [attempt])
            )


def _nightly(diary: Diary) -> None:
    r, name, path = diary.random("nightly"), "Nightly checks", ".github/workflows/nightly.yml"
    for day in diary.days:
        at = noon(day, 1)
        attempt = (at, at + int(r.uniform(20, 40) * MINUTE), "success" if r.random() < 0.95 else "failure")
        diary.runs.append(
            Run(SERVICES[0], name, path, "schedule", name, sha("main", at), "main", "deploy-lantern", [attempt])
        )


def _lose_days(diary: Diary) -> None:
    """Forget the days on which the recorder was down: what ran and was deployed then left no trace."""
    first, end = span(next(story for story in STORIES if story.rate == "recorded"), diary.anchor)
    gap = range(noon(first, 0), noon(end or first, 0))
    diary.runs = [run for run in diary.runs if run.at not in gap]
    diary.deployments = [one for one in diary.deployments if one.at not in gap]
    for deployment in diary.deployments:
        deployment.statuses = [status for status in deployment.statuses if status[0] not in gap]
