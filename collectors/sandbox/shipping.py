"""How changes reach customers: deployments through preprod to production, hotfixes, rollbacks, releases."""

import heapq
from datetime import UTC, datetime

from collectors.sandbox import tickets
from collectors.sandbox.company import PEOPLE, THINGS, Service
from collectors.sandbox.diary import Diary
from collectors.sandbox.pulls import change
from collectors.sandbox.records import DAY, HOUR, MINUTE, Deployment, Pull, Release, Run

TRIGGERS = {"merge": "push", "daily": "schedule", "weekly": "schedule"}


class Shipping:
    """The way of one service's merged work to production."""

    def __init__(self, diary: Diary, service: Service) -> None:
        self.diary, self.service, self.r = diary, service, diary.random("deployments", service.name)
        merged = (
            (pull.merged, place, pull)
            for place, pull in enumerate(diary.pulls)
            if pull.service is service and pull.merged
        )
        self.waiting: list[tuple[int, int, Pull]] = sorted(merged)  # pyright: ignore[reportAttributeAccessIssue]
        self.live: list[str] = []  # what customers have had, oldest first
        self.released = 0
        self.staged: Deployment | None = None

    def ship(self) -> None:
        """Deploy after each merge, each morning or by a weekly train, as the service does."""
        if self.service.release == "merge":
            free = 0
            while self.waiting:
                free = self._trip(max(free, self.waiting[0][0] + int(self.r.uniform(8, 20) * MINUTE)))
            return
        for day, morning in zip(self.diary.days, self.diary.hours.starts, strict=False):
            due = self.service.release == "daily" or day.weekday() == self.service.weekday
            if due and self.waiting and self.waiting[0][0] < morning + HOUR:
                self._trip(morning + HOUR)

    def _trip(self, start: int) -> int:
        """Ship what was merged before `start`; returns when the way is free again."""
        r, service = self.r, self.service
        while self.waiting and self.waiting[0][0] <= start:
            pull = heapq.heappop(self.waiting)[2]
        ready = start + int(r.uniform(4, 9) * MINUTE)
        good = "SUCCESS" if r.random() < 0.97 else "FAILURE"
        self._deploy("preprod", pull.sha, "deploy", start, (ready, good))
        if good == "FAILURE":
            return ready
        begin = ready + int(r.uniform(5, 30) * MINUTE)
        end = begin + int(r.uniform(4, 12) * MINUTE)
        outcome = r.choices(("SUCCESS", "FAILURE", "ERROR", None), (91, 5, 2, 2))[0]
        self._deploy(service.environment, pull.sha, "deploy", begin, (end, outcome))
        if outcome in {"FAILURE", "ERROR"}:
            return self._repair(pull, end)
        if outcome == "SUCCESS":
            tuesday = datetime.fromtimestamp(end, UTC).weekday() == 1 and end - self.released > DAY
            if service.release == "weekly" or (service.name == "checkout" and tuesday):
                self.released = end
                self.diary.releases.append(Release(service, end + MINUTE, pull.sha))
            if self.live and r.random() < 0.03:
                return self._roll_back(pull, end)
            self.live.append(pull.sha)
        return end

    def _deploy(self, environment: str, sha: str, task: str, at: int, last: tuple[int, str | None]) -> None:
        (end, outcome), service = last, self.service
        statuses = [(at + 15, "QUEUED", ""), (at + 45, "IN_PROGRESS", "")]
        if environment != "preprod" and self.diary.once(service, "canary", at):
            step = (end - at - 60) // 26
            statuses += [(at + 45 + step * n, "IN_PROGRESS", f"canary at {4 * n} %") for n in range(1, 26)]
        statuses += [(end, outcome, "")] if outcome else []  # a few are never finished
        deployment = Deployment(service, environment, sha, task, at, statuses)
        self.diary.deployments.append(deployment)
        if environment == "preprod":  # GitHub retires what a newer success replaces, except in production
            if outcome == "SUCCESS" and self.staged:
                self.staged.statuses.append((end, "INACTIVE", ""))
            self.staged = deployment if outcome == "SUCCESS" else self.staged
            return
        event = TRIGGERS[service.release] if task == "deploy" else "workflow_dispatch"
        attempt = (at - 20, end if outcome else None, "success" if outcome == "SUCCESS" else "failure")
        path, title = ".github/workflows/deploy.yml", f"{task} {sha[:7]}"
        self.diary.runs.append(Run(service, "Deploy", path, event, title, sha, "main", "deploy-lantern", [attempt]))

    def _repair(self, pull: Pull, failed: int) -> int:
        """After a failed deployment: the same again, or a hotfix."""
        r, service = self.r, self.service
        if r.random() < 0.5:
            at = failed + int(r.uniform(15, 40) * MINUTE)
            self._deploy(service.environment, pull.sha, "deploy", at, (at + 8 * MINUTE, "SUCCESS"))
            self.live.append(pull.sha)
            return at + 8 * MINUTE
        title, author = f"Fix {r.choice(THINGS)}", service.owner or r.choice(PEOPLE[service.team])
        branch = f"hotfix/{title.lower().replace(' ', '-')}"
        fix = Pull(service, title, branch, author, failed + 5 * MINUTE)
        change(self.diary, r, fix)
        at = (fix.merged or failed) + 5 * MINUTE
        while self.waiting and self.waiting[0][0] < at:  # the hotfix stands on whatever was merged before it
            heapq.heappop(self.waiting)
        self._deploy(service.environment, fix.sha, "deploy:hotfix", at, (at + 8 * MINUTE, "SUCCESS"))
        tickets.incident(self.diary, r, service, failed, at + 20 * MINUTE)
        self.live.append(fix.sha)
        return at + 8 * MINUTE

    def _roll_back(self, pull: Pull, bad: int) -> int:
        """Undo a release that worked but should not have: back to the one before, and the change is reverted."""
        r, service, at = self.r, self.service, bad + int(self.r.uniform(30, 150) * MINUTE)
        self._deploy(service.environment, self.live[-1], "deploy:rollback", at, (at + 5 * MINUTE, "SUCCESS"))
        author = service.owner or r.choice(PEOPLE[service.team])
        revert = Pull(service, pull.title, "", author, at + 10 * MINUTE, reverts=pull)
        change(self.diary, r, revert)
        heapq.heappush(self.waiting, (revert.merged or at, len(self.diary.pulls), revert))
        tickets.incident(self.diary, r, service, bad + 10 * MINUTE, at + 30 * MINUTE, pull.ticket)
        return at + 5 * MINUTE
