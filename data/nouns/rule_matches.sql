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
    case when fits(label, 'rule_bug_labels') then 'bug' when fits(label, 'rule_incident_labels') then 'incident' end
from (select unnest(labels) as label from issues) group by all
union all
select 'status', status, count(*), kind
from (select status, status_kind as kind from issues union all select to_status, to_kind from issue_moves) group by all
union all
select 'Workflow', coalesce(workflow, path), count(*), self_service from workflow_runs group by all
union all
select 'bot', 'authors of pull requests', count(distinct author), 'bot' from pull_requests where bot having count(*) > 0
order by all;
