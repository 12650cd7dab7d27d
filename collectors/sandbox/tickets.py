"""What people write into Jira, and into GitHub's issues: stories, bugs, incidents, requests, experiments."""

from datetime import timedelta
from math import log
from random import Random

from collectors.sandbox.company import (
    FAULTS,
    MANNEQUIN,
    PEOPLE,
    PREHISTORY,
    PRIORITIES,
    PROJECTS,
    RANK,
    REQUESTS,
    SERVICES,
    THINGS,
    Service,
    wanted,
)
from collectors.sandbox.diary import Diary, poisson
from collectors.sandbox.hours import noon
from collectors.sandbox.records import DAY, HOUR, MINUTE, Issue, Pull, Ticket, account
from collectors.sandbox.stories import STORIES, span

EPIC = 10  # weeks; every project has a new epic so often
EXPLORED = 7  # of so many stories one explores


def keep(diary: Diary, r: Random, ticket: Ticket, who: str, taken: int) -> Ticket:
    """Keep a ticket: somebody takes it, and the tools around leave their noise in its history."""
    diary.tickets.append(ticket)
    ticket.events.append((taken, who, [("assignee", "assignee", None, None, account(who), who)]))
    for _ in range(poisson(r, 1.5)):
        link = str(r.randint(20000, 90000))
        noise = (
            ("RemoteIssueLink", None, None, None, link, f'This work item links to "Page {link}"'),
            ("Rank", RANK, "", "", "", r.choice(("Ranked higher", "Ranked lower"))),
            (
                "Link",
                None,
                None,
                None,
                f"{ticket.project}-{r.randint(1, 99)}",
                "This work item relates to an older one",
            ),
        )
        ticket.events.append((ticket.at + r.randint(60, max(61, taken - ticket.at + DAY)), who, [r.choice(noise)]))
    return ticket


def epic_title(project: str, turn: int) -> str:
    """Return what the epic of a project is called that begins so many times ten weeks after the first."""
    return f"Better {THINGS[(3 * turn + len(project)) % len(THINGS)]}"


def epics(diary: Diary) -> dict[tuple[str, int], Ticket]:
    """Begin an epic in each project every ten weeks, worked on for eighteen; they are found by project and turn."""
    r, found = diary.random("epics"), {}
    for project, turn in ((project, turn) for project in PROJECTS for turn in range(10)):
        at = noon(diary.anchor + timedelta(weeks=EPIC * (turn - 1) - PREHISTORY), 9)
        lead = PEOPLE[next(service.team for service in SERVICES if service.project == project)][0]
        epic = Ticket(project, "Epic", epic_title(project, turn), at, lead)
        found[project, turn] = keep(diary, r, epic, lead, at + HOUR)
        epic.move(at + 10 * DAY, lead, "In Progress")
        epic.move(at + 18 * 7 * DAY, lead, "Done", "Done")
    return found


def story(diary: Diary, r: Random, pull: Pull, ready: int, parents: dict[tuple[str, int], Ticket]) -> None:
    """Write the Jira issue a finished pull request belongs to; it was written some days before the first commit."""
    service, who, started = pull.service, pull.author or "", pull.events[0][0]
    at = started - int(r.lognormvariate(log(5 * DAY), 0.7))
    turn = (at - noon(diary.anchor - timedelta(weeks=PREHISTORY + EPIC), 9)) // (EPIC * 7 * DAY)
    ticket = Ticket(
        service.project, r.choice(("Story", "Task")), pull.title, at, r.choice(PEOPLE[service.team]), service.name
    )
    ticket.priority = r.choices(PRIORITIES, (1, 3, 10, 4, 1))[0]
    ticket.parent = parents.get((service.project, turn)) if r.random() < 0.8 else None
    ticket.points = r.choice((1.0, 2.0, 3.0, 5.0, 8.0))
    ticket.labels = ("exploration",) if at // MINUTE % EXPLORED == 0 else ()
    pull.ticket = keep(diary, r, ticket, who, started - 10 * MINUTE)
    ticket.move(started - 5 * MINUTE, who, "In Progress")
    if ready - started > 3 * HOUR and r.random() < 0.15:
        ticket.move(started + HOUR, who, "Blocked")
        ticket.move(started + 3 * HOUR, who, "In Progress")
    ticket.move(ready + MINUTE, who, "In Review")
    ends = [event[0] for event in pull.events if event[1] in {"merged", "closed"}]
    if ends:
        end = max(ends) + 20 * MINUTE
        ticket.move(end, who, "Done", "Done" if pull.merged else "Won't Do")
        if pull.merged and r.random() < 0.04:
            ticket.move(diary.hours.after(end, 5), who, "In Progress")
            ticket.move(diary.hours.after(end, 12), who, "Done", "Done")


def bugs(diary: Diary, service: Service) -> None:
    """Write the bugs of a service; some come back after they were fixed, some are left lying."""
    r, after = diary.random("bugs", service.name), diary.hours.after
    for at in diary.moments(r, "bugs", service.name, service.bugs):
        people = PEOPLE[service.team]
        who, reporter = service.owner or r.choice(people), r.choice(people)
        bug = Ticket(
            service.project, "Bug", f"{r.choice(THINGS).capitalize()} {r.choice(FAULTS)}", at, reporter, service.name
        )
        bug.priority = r.choices(PRIORITIES, (1, 4, 8, 4, 1))[0]
        bug.labels = ("customer",) if r.random() < 0.4 else ()
        effort = r.lognormvariate(log(30), 0.9) * (6 if r.random() < 0.08 else 1)
        keep(diary, r, bug, who, after(at, effort * 0.4) - MINUTE)
        bug.move(after(at, effort * 0.4), who, "In Progress")
        if r.random() < 0.15:
            bug.move(after(at, effort * 0.6), who, r.choice(("Blocked", "Wartet auf Antwort")))
            bug.move(after(at, effort * 0.75), who, "In Progress")
        bug.move(after(at, effort * 0.9), who, "In Review")
        end = after(at, effort)
        bug.move(end, who, "Done", r.choices(("Done", "Won't Do", "Duplicate"), (88, 8, 4))[0])
        if r.random() < 0.08:
            again = after(end, r.lognormvariate(log(16), 0.6))
            bug.move(again, reporter, "To Do")
            bug.move(after(again, 2), who, "In Progress")
            bug.move(after(again, r.lognormvariate(log(16), 0.6) + 3), who, "Done", "Done")


def incident(diary: Diary, r: Random, service: Service, at: int, end: int, cause: Ticket | None = None) -> None:  # noqa: PLR0913, PLR0917
    """Write the incident that a deployment caused, and what in it did, where that is known."""
    who = service.owner or r.choice(PEOPLE[service.team])
    ticket = Ticket(
        service.project, "Incident", f"{service.name} is degraded", at + 3 * MINUTE, who, service.name, "Highest"
    )
    ticket.labels = ("incident",)
    keep(diary, r, ticket, who, at + 5 * MINUTE)
    ticket.move(at + 6 * MINUTE, who, "In Progress")
    ticket.move(end, who, "Done", "Done")
    ticket.cause = cause


def requests(diary: Diary) -> None:
    """Write what other teams ask the platform team for by hand."""
    anyone, after = PEOPLE["Storefront"] + PEOPLE["Payments"], diary.hours.after
    for name, weekly in REQUESTS.items():
        r = diary.random("requests", name)
        for at in diary.moments(r, name, "OPS", weekly):
            who, reporter = r.choice(PEOPLE["Platform"]), r.choice(anyone)
            summary = f"{name}: {wanted(r.choice(THINGS))}"
            ticket = Ticket("OPS", "Service request", summary, at, reporter, "platform", request=name)
            ticket.labels = (name.lower().replace(" ", "-"),)
            effort = r.lognormvariate(log(12), 0.7)
            keep(diary, r, ticket, who, after(at, effort * 0.5) - MINUTE)
            ticket.move(after(at, effort * 0.5), who, "In Progress")
            if r.random() < 0.3:
                ticket.move(after(at, effort * 0.6), who, "Wartet auf Antwort")
                ticket.move(after(at, effort * 0.9), reporter, "In Progress")
            ticket.move(after(at, effort), who, "Done", "Won't Do" if r.random() < 0.05 else "Done")


def experiments(diary: Diary) -> None:
    """Write what the company tried on purpose, as issues of their own type."""
    r = diary.random("experiments")
    for one in STORIES:
        if one.name.startswith("experiment"):
            service = next(service for service in SERVICES if service.name == one.place)
            first, end = span(one, diary.anchor)
            who, at = PEOPLE[service.team][0], noon(first, 8)
            ticket = Ticket(service.project, "Experiment", one.what.split(":")[0], at - 6 * DAY, who, service.name)
            ticket.labels = ("experiment",)
            keep(diary, r, ticket, who, at - 5 * DAY)
            ticket.move(at, who, "In Progress")
            ticket.move(noon(end, 15) if end else at + 8 * 7 * DAY, who, "Done", "Done")


def issues(diary: Diary, service: Service) -> None:
    """Write issues on GitHub, which two of the services take as well."""
    if service.name not in {"platform", "mobile-app"}:
        return
    r = diary.random("issues", service.name)
    for at in diary.moments(r, "issues", service.name, 1.2):
        author = r.choices((r.choice(PEOPLE[service.team]), None, MANNEQUIN), (94, 4, 2))[0]
        issue = Issue(service, f"{r.choice(THINGS).capitalize()} {r.choice(FAULTS)}", author, at)
        label = "bug" if r.random() < 0.6 else "question"
        issue.events.append((at + 9 * MINUTE, "labeled", label))
        if r.random() < 0.1:
            issue.events += [(at + HOUR, "unlabeled", label), (at + HOUR, "labeled", "bug")]
        end = diary.hours.after(at + 2 * HOUR, r.lognormvariate(log(30), 0.9))
        issue.events.append((end, "closed", "COMPLETED" if r.random() < 0.85 else "NOT_PLANNED"))
        if r.random() < 0.1:
            issue.events += [(end + 5 * HOUR, "reopened", "REOPENED"), (end + 30 * HOUR, "closed", "COMPLETED")]
        diary.issues.append(issue)
