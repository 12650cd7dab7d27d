-- What the team's rules met ------------------------------------------------------------------------------------------------

create table rule_matches as
select 'production' as rule, environment as matched, count(*) as items, if(production, 'production', null) as applies
from deployments group by all
union all
select 'rework', if(rework, concat_ws(' ', task, ref), task), count(*), if(rework, 'rework', null)
from deployments group by all
union all
select 'issue type', type, count(*),
    case when fits(type, 'rule_bug_types') then 'bug' when fits(type, 'rule_incident_types') then 'incident' end
from issues group by all
union all
select 'label', label, count(*),
    case when fits(label, 'rule_bug_labels') then 'bug' when fits(label, 'rule_incident_labels') then 'incident'
        when fits(label, 'rule_escaped_labels') then 'escaped' end
from (select unnest(labels) as label from issues) group by all
union all
select 'status', status, count(*), kind
from (select status, status_kind as kind from issues union all select to_status, to_kind from issue_moves) group by all
union all
select 'Workflow', coalesce(workflow, path), count(*), self_service from workflow_runs group by all
union all
select 'bot', 'authors of pull requests', count(distinct author), 'bot' from pull_requests where bot having count(*) > 0
union all
select 'release', repo, count(*), if(fits(repo, 'rule_from_releases'), 'production', null) from releases group by all
union all
select 'service', concat_ws(' to ', repo, d.environment), count(*), g.service
from deployments d
join (select distinct repo from goes_to) using (repo)
left join goes_to g on g.repo = d.repo and g.environment = coalesce(d.environment, '')
group by all
union all
select 'service by path', repo, count(*), c.service
from changes c
join pull_requests p on p.id = c.pull_request_id
where repo in (select repo from housed where by_path)
group by all
union all
select 'incident', area, count(*), linked_by from incidents group by all
union all
select 'correction', c.incident, count(i.id), max(i.how)
from corrections c
left join incidents i on c.incident in (lower(i.key), lower(i.id))
group by c.incident
union all
select 'link', says, count(*), if(fits(says, 'rule_caused_by'), 'caused by', null)
from (select says from link union all select says_back from link) where says is not null group by all
union all
select 'resolution', resolution, count(*), if(fits(resolution, 'rule_cancelled'), 'cancelled', null)
from issues where resolution is not null group by all
union all
select 'request', request, count(*), 'escaped' from jira_body where fits(request, 'rule_escaped_requests') group by all
union all
select 'work', w.word, count(*), ['bug', 'explore', 'goal', 'keep'][w.place + 1]
from (
    select 'types' as field, type as word from issues
    union all select 'labels', unnest(labels) from issues
    union all select 'projects', project from issues
    union all select 'parents', parent from issues
)
join work_word w using (field, word)
group by all
union all
select 'work', 'fits no rule', count(*), null from issues where work is null and exists (from work_word) having count(*) > 0
union all
select 'request type', coalesce(j.request, j.issuetype.name), count(*), a.workflow
from jira_body j
left join asked a using (id)
where j.request is not null or a.id is not null
group by all
union all
select 'area of a request', place, count(*), if(place is distinct from area, workflow, null)
from requests
where workflow in (select name from self_service_rules where area is not null)
group by all
union all
select 'usage feature', feature, items, min_by(r.name, r.place)
from (select feature, count(*) as items from usage group by all)
left join self_service_rules r on regexp_full_match(lower(feature), r.features) or regexp_full_match(lower(feature), r.opens)
where feature is not null
group by feature, items
order by all;
