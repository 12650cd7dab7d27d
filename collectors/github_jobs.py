"""What the jobs of workflow runs took: a request or more for each run, so only for the workflows team.toml asks for."""

from pathlib import PurePosixPath
from typing import Any

from collectors.stream import Context, moment
from collectors.wire import Missing
from data import Landed, Row
from data.rules import applies

JOBS = "github_jobs"
KEPT = "id name status conclusion created_at started_at completed_at labels html_url".split()


async def jobs(at: Context) -> Landed:
    """Read the jobs of every completed run of the workflows asked for, those of its last attempt. Returns what changed.

    They are kept run by run, as one row: a stop goes on with the next run, and an attempt that is made anew is read anew.
    """
    changed, origin = Landed(), at.origin(JOBS)
    if not at.jobs:
        return changed
    known = at.store.versions(origin)
    for run in at.store.bodies(at.origin("github_runs"), "body->>'status' = 'completed'"):
        ident, version = str(run["id"]), moment(run["updated_at"])
        if known.get(ident) == version or not asked(at.jobs, run):
            continue
        try:
            found = await _of(at, ident)
        except Missing:  # GitHub forgets what happened inside a run before it forgets the run
            found = []
        body = {"run": run["id"], "attempt": run.get("run_attempt"), "jobs": found}
        changed += at.store.land(origin, [Row(ident, version, body, at.scope)], at.store.progress(origin), at.wire.now)
    return changed


def asked(globs: tuple[str, ...], run: dict[str, Any]) -> bool:
    """Return whether some globs fit a run's workflow, by its name or by the name of its file."""
    file = PurePosixPath((run.get("path") or "").partition("@")[0]).name
    return any(applies(globs, text) for text in (run.get("name") or "", file))


async def _of(at: Context, run: str) -> list[dict[str, Any]]:
    found, page = [], 1
    while True:
        answer = await at.wire.get(f"/repos/{at.scope}/actions/runs/{run}/jobs", per_page=100, page=page)
        found += [{name: job.get(name) for name in KEPT} for job in answer.body["jobs"]]
        if not answer.next:
            return found
        page += 1
