-- What caused an incident or a bug -----------------------------------------------------------------------------------------

-- A link says one thing of the issue it stands at and the opposite of the one it leads to: "is caused by" here is "causes"
-- there. Both are told at either end, so that one end is enough, and the other need not have been read.
create table scratch.link as
select id, source, key, other, says, says_back
from (
    select
        id, source, key,
        coalesce(told.inwardIssue, told.outwardIssue) as other,
        if(told.inwardIssue is null, told.type.outward, told.type.inward) as says,
        if(told.inwardIssue is null, told.type.inward, told.type.outward) as says_back,
    from (select id, source, key, unnest(issuelinks) as told from jira_body where issuelinks is not null)
)
where other.id is not null;

-- One row for each way in which something of the cause reached customers; without one while nothing is known to have.
create table issue_causes as
with caused as (
    select id as issue_id, own(source, other.id) as cause_id, other.key from link where fits(says, 'rule_caused_by')
    union
    select own(source, other.id), id, key from link where fits(says_back, 'rule_caused_by')
),
named as (
    select c.issue_id, i.id as cause_id, coalesce(i.key, min(c.key)) as key
    from caused c
    semi join (from issues where is_incident or is_bug) b on b.id = c.issue_id
    left join issues i on i.id = c.cause_id
    where c.issue_id <> c.cause_id
    group by c.issue_id, c.cause_id, i.id, i.key
)
select
    n.issue_id,
    n.key,
    n.cause_id,
    l.pull_request_id,
    c.service,
    c.deployed_at,
    c.deployment_id,
from named n
left join (select key, pull_request_id from pull_request_issues semi join named using (key)) l using (key)
left join (
    from changes where pull_request_id in (select pull_request_id from pull_request_issues semi join named using (key))
) c using (pull_request_id)
order by n.issue_id, n.key, l.pull_request_id, c.service;
