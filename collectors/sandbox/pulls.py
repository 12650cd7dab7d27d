"""How changes are made: pull requests by people and by the bot that renews dependencies, with their checks."""

from math import log
from random import Random

from collectors.sandbox import tickets
from collectors.sandbox.company import MANNEQUIN, PEOPLE, RENEWALS, THINGS, VERBS, Service
from collectors.sandbox.diary import Diary
from collectors.sandbox.records import HOUR, MINUTE, Pull, Run, Ticket, sha

FOLDERS = [thing.split()[-1] for thing in THINGS]
ALONE = 2  # files of a folder that only the owner of a service works on
FORGOTTEN = 0.005  # of pull requests, see stories.py
MANY = 90  # commits of the one pull request that never seemed to end
PARTS = ("http-client", "date-parser", "test-runner", "css-kit", "queue-driver")


def pulls(diary: Diary, service: Service, parents: dict[tuple[str, int], Ticket]) -> None:
    """Make the pull requests of a service."""
    r = diary.random("pulls", service.name)
    for started in diary.moments(r, "pulls", service.name, service.pulls / 0.93):
        author = service.owner
        if not author or r.random() < 0.05:
            author = r.choices((r.choice(PEOPLE[service.team]), None, MANNEQUIN), (98, 1.5, 0.5))[0]
        title = f"{r.choice(VERBS)} {r.choice(THINGS)}"
        pull = Pull(service, title, f"feature/{title.lower().replace(' ', '-')}", author, started)
        ready = change(diary, r, pull)
        pending = [one for one in diary.issues if one.service is service and one.at < pull.at < one.events[-1][0]]
        pull.closes = r.choice(pending) if pending and r.random() < 0.3 else None
        if author in PEOPLE[service.team] and r.random() < 0.65:
            tickets.story(diary, r, pull, ready, parents)
    for started in diary.moments(r, "renewals", service.name, RENEWALS):
        _renewal(diary, r, service, started)


def _files(r: Random, service: Service, count: int) -> list[tuple[str, int, int]]:
    places = ((n if count > 9 else r.randrange(9), r.choice(FOLDERS)) for n in range(count))
    lines = lambda size: int(r.lognormvariate(size, 1.1))  # noqa: E731 — two words for two columns
    return [(_path(service, folder, n), 1 + lines(2.6), lines(1.6)) for n, folder in places]


def _path(service: Service, folder: str, n: int) -> str:
    """Return the path of a file. Whoever owns a service alone has a part of it that nobody else comes near."""
    alone = service.owner and folder == FOLDERS[0] and n < ALONE
    return f"src/{'closing' if alone else folder}/{service.name}_{n}.py"


def change(diary: Diary, r: Random, pull: Pull) -> int:
    """Work on a pull request whose work starts at its `at`, to its end. Returns when it was ready for review."""
    service, started, author = pull.service, pull.at, pull.author
    after, pace = diary.hours.after, 0.08 if pull.quick else 1.0
    long, wide = diary.once(service, "long", started), diary.once(service, "wide", started)
    writing = r.lognormvariate(log(5), 0.9) * pace
    pull.at, key = after(started, writing), sha(diary.seed, service.name, started, pull.title)
    commits = MANY if long else 1 + min(int(r.expovariate(0.5)), 7)
    for n in range(commits):
        files = _files(r, service, 75 if wide and n == 0 else r.choice((1, 1, 2, 3)))
        pull.events.append(
            (after(started, writing * n / commits) if n else started, "commit", sha(key, n), files, author)
        )
    ready, reviewer = _opened(diary, r, pull)
    fate = 1.0 if pull.quick or long or wide else r.random()
    if fate < 0.07:
        if fate < 0.04:
            pull.events.append((after(ready, 6), "review", "CHANGES_REQUESTED", reviewer))
        if fate > FORGOTTEN:  # the others stay open
            pull.events.append((after(ready, 8 + r.lognormvariate(log(12), 0.7)), "closed"))
    elif fate < 0.12:
        pull.merge(after(ready, r.lognormvariate(log(1.5), 0.8)), author, sha(key, "merge"))
    else:
        approved = _reviews(diary, r, pull, ready, reviewer)
        waited = r.lognormvariate(log(0.9), 0.9) * pace * diary.scale("merge", service, approved)
        pull.merge(after(approved, waited), r.choice((author, reviewer)), sha(key, "merge"))
    diary.pulls.append(pull)
    _check(diary, r, pull, ready)
    return ready


def _opened(diary: Diary, r: Random, pull: Pull) -> tuple[int, str]:
    """Open it, perhaps as a draft, and ask somebody for a review: when it was ready, and whom."""
    after, service, author = diary.hours.after, pull.service, pull.author
    pull.draft = not pull.quick and r.random() < 0.2
    ready = after(pull.at, r.lognormvariate(log(3), 0.8)) if pull.draft else pull.at
    if pull.draft:
        pull.events.append((ready, "ready"))
        if r.random() < 0.1:
            pull.events += [(after(ready, 1), "draft"), (after(ready, 4), "ready")]
            ready = after(ready, 4)
    reviewer, other = r.sample([who for who in PEOPLE[service.team] if who != author], 2)
    pull.events.append((ready, "requested", reviewer))
    if r.random() < 0.05:
        pull.events += [(ready + HOUR, "unrequested", reviewer), (ready + HOUR, "requested", other)]
        reviewer = other
    if service.name in {"storefront", "checkout"} and r.random() < 0.3:
        pull.events.append((ready + 2 * MINUTE, "review", "COMMENTED", "style-owl"))
    if r.random() < 0.1:
        pull.events.append((ready + 5 * MINUTE, "review", "COMMENTED", author))
    if not pull.quick and r.random() < 0.02:
        pull.events += [(ready + 20 * MINUTE, "closed"), (ready + 50 * MINUTE, "reopened")]
    return ready, reviewer


def _reviews(diary: Diary, r: Random, pull: Pull, ready: int, reviewer: str) -> int:
    """Review it; returns the moment of the approval that counts."""
    after, service, pace = diary.hours.after, pull.service, 0.08 if pull.quick else 1.0
    remarks = 45 if len(pull.events) > MANY else 0
    first = after(ready, r.lognormvariate(log(2.6), 0.7) * pace * diary.scale("pickup", service, ready))
    if r.random() < 0.2 and not remarks:
        pull.events.append((first, "review", "APPROVED", reviewer))
        return first
    talk = r.lognormvariate(log(4.5), 0.7) * pace * diary.scale("review", service, first)
    pull.events.append((first, "review", r.choice(("COMMENTED", "CHANGES_REQUESTED")), reviewer))
    pull.events += [(after(first, talk * n / remarks), "review", "COMMENTED", reviewer) for n in range(remarks)]
    moment, commit = after(first, talk * 0.6), sha(diary.seed, service.name, first, "again")
    if r.random() < 0.25:
        pull.events.append((moment, "force_push", commit))
    else:
        pull.events.append((moment, "commit", commit, _files(r, service, 1), pull.author))
    if r.random() < 0.04:
        pull.events += [(moment - 60, "review", "APPROVED", reviewer), (moment + 60, "dismissed", "APPROVED")]
    approved = after(first, talk)
    pull.events.append((approved, "review", "APPROVED", reviewer))
    return approved


def _renewal(diary: Diary, r: Random, service: Service, at: int) -> None:
    """Update a dependency: merged by the bot itself or closed in favour of a newer one."""
    part = r.choice(PARTS)
    title = f"Update {part} to v{r.randint(1, 9)}.{r.randint(0, 20)}"
    pull = Pull(service, title, f"renewbot/{part}", "renewbot", at, labels=("dependencies",))
    key, end = sha(diary.seed, service.name, at, title), at + int(r.lognormvariate(log(6 * HOUR), 1.0))
    pull.events.append((at - MINUTE, "commit", sha(key, 0), [("requirements.lock", 3, 3)], "renewbot"))
    if r.random() < 0.9:
        pull.merge(end, "renewbot", sha(key, "merge"))
    else:
        pull.events.append((end, "closed"))
    diary.pulls.append(pull)
    _check(diary, r, pull, at)


def _check(diary: Diary, r: Random, pull: Pull, moment: int) -> None:
    end = moment + int(r.uniform(5, 15) * MINUTE)
    attempts: list = [(moment, end, r.choices(("success", "failure", "cancelled"), (88, 10, 2))[0])]
    if attempts[0][2] == "failure" and r.random() < 0.6:
        attempts.append((end + 15 * MINUTE, end + 25 * MINUTE, "success"))
    head = [event[2] for event in pull.events if event[1] == "commit" and event[0] <= moment][-1]
    who, path = pull.author or MANNEQUIN, ".github/workflows/ci.yml"
    diary.runs.append(Run(pull.service, "CI", path, "pull_request", pull.title, head, pull.branch, who, attempts))
