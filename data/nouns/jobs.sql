-- Jobs of workflow runs, where team.toml asks for them --------------------------------------------------------------------

create table workflow_jobs as
select
    own(source, job.id::text) as id,
    own(source, parent) as run_id,
    repo,
    attempt,
    job.name as job,
    utc(job.created_at) as created_at,
    utc(job.started_at) as started_at,
    utc(job.completed_at) as finished_at,
    coalesce(job.conclusion, job.status) as outcome,
    job.labels as labels,
    job.html_url as url,
from (select source, id as parent, scope as repo, unnest(from_json(body, '{"attempt": "BIGINT", "jobs": [{
    "id": "BIGINT", "name": "VARCHAR", "status": "VARCHAR", "conclusion": "VARCHAR", "labels": ["VARCHAR"],
    "created_at": "TIMESTAMPTZ", "started_at": "TIMESTAMPTZ", "completed_at": "TIMESTAMPTZ", "html_url": "VARCHAR"
}]}'))
from live.raw.github_jobs
where gone_at is null and (source, scope) not in (from hidden)) told, unnest(told.jobs) as t(job)
order by started_at, id;
