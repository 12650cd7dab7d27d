-- Workflow runs ------------------------------------------------------------------------------------------------------------

create table scratch.run_body as
select own(source, id) as id, scope as repo, unnest(from_json(body, '{
    "name": "VARCHAR", "path": "VARCHAR", "display_title": "VARCHAR", "event": "VARCHAR", "html_url": "VARCHAR",
    "status": "VARCHAR", "conclusion": "VARCHAR", "run_attempt": "BIGINT", "head_branch": "VARCHAR", "head_sha": "VARCHAR",
    "created_at": "TIMESTAMPTZ", "run_started_at": "TIMESTAMPTZ", "updated_at": "TIMESTAMPTZ"
}'))
from live.raw.github_runs
where gone_at is null and (source, scope) not in (from hidden);

-- GitHub may tell a path with the branch it was read from: ci.yml@refs/heads/main.
create temp view run as select *, parse_filename(split_part(path, '@', 1)) as file from run_body;

-- All patterns as one at first: most runs are nobody's Workflow, and a constant pattern is made ready only once.
set variable rule_workflows = (select coalesce(string_agg(pattern, '|'), '[^\s\S]') from workflow_rules);

create table scratch.self_service as
select text, arg_min(name, place) as self_service
from (select distinct unnest([file, name, display_title]) as text from run where exists (from workflow_rules))
join workflow_rules on regexp_full_match(lower(text), pattern)
where fits(text, 'rule_workflows')
group by text;

create table workflow_runs as
with main as (
    select scope as repo, max(body ->> '$.defaultBranchRef.name') as branch
    from live.raw.github_repositories
    where gone_at is null
    group by all
)
select
    id,
    r.repo,
    name as workflow,
    path,
    display_title as title,
    event,
    run_attempt as attempt,
    utc(r.created_at) as created_at,
    utc(run_started_at) as started_at,
    if(status = 'completed', utc(r.updated_at), null) as finished_at,
    coalesce(conclusion, status) as outcome,
    html_url as url,
    coalesce(f.self_service, n.self_service, t.self_service) as self_service,
    utc(r.updated_at) as updated_at,
    head_branch as branch,
    head_sha as sha,
    -- a fork may call its branch main too: what pull requests set off never ran on ours
    coalesce(if(main.branch is null, head_branch in ('main', 'master'), head_branch = main.branch), false)
        and coalesce(event not in ('pull_request', 'pull_request_target'), false) as on_default_branch,
from run r
left join main on main.repo = r.repo
left join self_service f on f.text = file
left join self_service n on n.text = name
left join self_service t on t.text = display_title
order by created_at, id;
