"""GitHub's REST API below /api/v3: the part that a collector needs."""

from typing import Any
from urllib.parse import urlencode

from collectors.sandbox.company import GITHUB, OWNER
from collectors.sandbox.github_shapes import GitHub, Shape, iso
from collectors.sandbox.records import DAY, sha

CAP = 1000  # how many results a filtered list of runs gives at most
PLAIN = {"event": "event", "branch": "head_branch", "head_sha": "head_sha"}


def _between(created: str) -> tuple[str, str]:
    """Return the first and last moment a `created` filter allows; a day alone means all of it."""
    low, high = created, created
    if ".." in created:
        low, high = created.split("..", 1)
    elif created.startswith(">="):
        low, high = created[2:], "*"
    elif created.startswith("<="):
        low, high = "*", created[2:]
    low, high = (moment.replace("+00:00", "Z") for moment in (low, high))
    return low.replace("*", ""), f"{high}T23:59:59Z" if len(high) == len("2026-01-01") else high.replace("*", "9")


class Rest:
    """The company's REST API on one day. `now` is its clock, in epoch seconds."""

    def __init__(self, github: GitHub, now: int) -> None:
        self.github, self.now = github, now
        budget = {"limit": 5000, "remaining": 4999, "used": 1, "reset": now + 3600}
        self.fixed = {
            "user": {
                "login": "sandbox-reader",
                "id": 1,
                "node_id": "U_1",
                "type": "User",
                "html_url": f"{GITHUB}/sandbox-reader",
            },
            "meta": {"verifiable_password_authentication": False, "installed_version": "3.19.0"},
            "rate_limit": {"resources": {"core": budget, "graphql": budget}},
        }

    def get(self, path: str, query: Shape) -> tuple[Any, str | None]:
        """Return the answer to a GET below /api/v3 and its Link header; None where there is nothing."""
        words = path.split("/")
        name = "/".join(words[1:3]).lower()
        if words[0] != "repos" or name not in self.github.repositories:
            return self.fixed.get(path), None
        runs, link, body = self.github.runs[name], None, None
        match words[3:]:
            case []:
                body = self._repository(self.github.repositories[name])
            case ["actions", "workflows"]:
                body = self._workflows(name)
            case ["actions", "runs"]:
                body, link = self._runs(path, runs, query)
            case ["traffic", ("views" | "clones") as kind]:
                body = self._traffic(name, kind)
            case ["actions", "workflows", flow, "runs"]:
                runs = [run for run in runs if flow in {str(run["workflow_id"]), run["path"].rsplit("/", 1)[1]}]
                body, link = self._runs(path, runs, query)
            case ["actions", "runs", ident]:
                body = next((run for run in runs if str(run["id"]) == ident), None)
        return body, link

    def _repository(self, one: Shape) -> Shape:
        return {
            "id": one["databaseId"], "node_id": one["id"], "name": one["name"], "full_name": one["nameWithOwner"], "private": True,
            "owner": {"login": OWNER, "id": 1, "node_id": "O_1", "type": "Organization"}, "html_url": one["url"], "archived": False,
            "url": f"{GITHUB}/api/v3/repos/{one['nameWithOwner']}", "default_branch": "main", "created_at": one["createdAt"],
            "updated_at": one["updatedAt"], "pushed_at": one["pushedAt"], "permissions": {"admin": False, "push": False, "pull": True},
        }  # fmt: skip

    def _workflows(self, name: str) -> Shape:
        first = {run["workflow_id"]: run for run in self.github.runs[name]}  # newest first: the oldest one stays
        found = [
            {"id": ident, "node_id": f"W_{ident}", "name": run["name"], "path": run["path"], "state": "active",
             "created_at": run["created_at"], "updated_at": run["created_at"], "url": run["workflow_url"]}
            for ident, run in first.items()
        ]  # fmt: skip
        return {"total_count": len(found), "workflows": found}

    def _traffic(self, name: str, kind: str) -> Shape:
        """Return the visits of the last fortnight, more on workdays than at weekends."""
        days = []
        for day in range(self.now // DAY - 14, self.now // DAY):
            luck, weekend = int(sha(name, kind, day)[:2], 16), (day + 3) % 7 > 4
            count = luck // (20 if weekend else 4)
            days.append({"timestamp": iso(day * DAY), "count": count, "uniques": -(-count // 3)})
        return {"count": sum(d["count"] for d in days), "uniques": sum(d["uniques"] for d in days), kind: days}

    def _runs(self, path: str, runs: list[Shape], query: Shape) -> tuple[Shape, str | None]:
        filtered = {"created", "event", "status", "branch", "actor", "head_sha"} & set(query)
        if "created" in filtered:
            low, high = _between(query["created"])
            runs = [run for run in runs if low <= run["created_at"] <= high]
        if "status" in filtered:
            runs = [run for run in runs if query["status"] in {run["status"], run["conclusion"]}]
        if "actor" in filtered:
            runs = [run for run in runs if run["actor"]["login"] == query["actor"]]
        for name in filtered & set(PLAIN):
            runs = [run for run in runs if run[PLAIN[name]] == query[name]]
        size, number = max(1, min(int(query.get("per_page", 30)), 100)), max(1, int(query.get("page", 1)))
        reachable = runs[:CAP] if filtered else runs
        last = max(1, -(-len(reachable) // size))
        places = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        kept = [word for word in places if (number > 1 if word in {"prev", "first"} else number < last)]
        address = f"{GITHUB}/api/v3/{path}"
        link = ", ".join(f'<{address}?{urlencode({**query, "page": places[word]})}>; rel="{word}"' for word in kept)
        return {"total_count": len(runs), "workflow_runs": reachable[(number - 1) * size : number * size]}, link or None
