-- Milestones ---------------------------------------------------------------------------------------------------------------

-- `due_at` is the day somebody set, as GitHub stores it: some hour of that day. Issues are counted, pull requests are not.
create table milestones as
select
    id,
    repo,
    number,
    title,
    url,
    lower(state) as state,
    utc(createdAt) as created_at,
    utc(dueOn) as due_at,
    utc(closedAt) as closed_at,
    openIssues.totalCount as open_issues,
    closedIssues.totalCount as closed_issues,
from (select own(source, id) as id, scope as repo, unnest(from_json(body, '{
    "number": "BIGINT", "title": "VARCHAR", "url": "VARCHAR", "state": "VARCHAR",
    "createdAt": "TIMESTAMPTZ", "dueOn": "TIMESTAMPTZ", "closedAt": "TIMESTAMPTZ",
    "openIssues": {"totalCount": "BIGINT"}, "closedIssues": {"totalCount": "BIGINT"}
}'))
from live.raw.github_milestones
where gone_at is null and (source, scope) not in (from hidden))
order by created_at, id;
