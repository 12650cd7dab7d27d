-- Requests: what people ask for by hand, and what they now get by themselves -----------------------------------------------

set variable rule_requests = (select coalesce(string_agg(pattern, '|'), '[^\s\S]') from request_rules);

create table requests as
with asked as (
    select text, arg_min(name, place) as workflow
    from (select distinct unnest([request, issuetype.name]) as text from jira_body)
    join request_rules on regexp_full_match(lower(text), pattern)
    where fits(text, 'rule_requests')
    group by text
),
known as (
    select source, max(complete_to) as up_to from live.progress where stream = 'jira_issues' group by all
),
missed as (
    -- a goal that is still running is missed once its time is over
    select
        id,
        bool_or(
            list_contains(from_json(sla -> '$.completedCycles[*].breached', '["BOOLEAN"]'), true)
            or coalesce(try_cast(sla ->> '$.ongoingCycle.breached' as boolean), false)
            or coalesce(moment(sla ->> '$.ongoingCycle.breachTime.jira') <= up_to, false)
        ) as sla_breached,
    from (select id, source, unnest(slas) as sla from jira_body where len(slas) > 0)
    left join known using (source)
    group by id
)
select
    i.id,
    i.key,
    i.project,
    coalesce(j.request, i.type) as type,
    coalesce(r.workflow, t.workflow) as workflow,
    i.created_at,
    i.resolved_at,
    i.status,
    i.status_kind,
    'manual' as channel,
    sla_breached,
    i.url,
    coalesce(components[1], i.project) as area,
from issues i
join (select id, request, issuetype.name as kind from jira_body) j using (id)
left join asked r on r.text = j.request
left join asked t on t.text = j.kind
left join missed using (id)
where r.workflow is not null or t.workflow is not null
union all
select
    id,
    null,
    repo,
    self_service,
    self_service,
    created_at,
    if(outcome = 'success', finished_at, null), -- a run that failed served nobody
    outcome,
    if(finished_at is null, 'active', 'done'),
    'self-service',
    null,
    url,
    split_part(repo, '/', -1),
from workflow_runs
where self_service is not null
order by created_at, id;
