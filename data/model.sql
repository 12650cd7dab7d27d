-- What happened, as tables of nouns: raw JSON in, typed rows out, the team's rules applied on the way.
--
-- Runs in one go on an empty edition, with the collector's store attached as `live` and the rules made ready by data/rules.py.
-- Each body is read once, by one from_json that names what is wanted: an unknown field is passed over, a missing one or one of
-- another type is null. A null stays null; the few guesses made here are said where they are made. Times are zone-less UTC.
-- Temporary tables hold logins and end with the session. The nouns hold a keyed hash of a person at most.

-- '…+0530'::timestamp would silently drop the offset, and `at time zone` takes four times as long. Infinity becomes null.
create or replace temp macro utc(t) as make_timestamp(epoch_us(try_cast(t as timestamptz)));
-- Jira's bulk history tells a time as text, as seconds or as milliseconds.
create or replace temp macro moment(t) as (
    case
        when try_cast(t as bigint) between 0 and 99999999999 then epoch_ms(try_cast(t as bigint) * 1000)
        when try_cast(t as bigint) between 0 and 99999999999999 then epoch_ms(try_cast(t as bigint))
        else utc(t)
    end
);
-- The same person has the same hash on this machine, and on no other.
create or replace temp macro person(login) as (
    substr(sha256(getvariable('person_key') || sha256(getvariable('person_key') || lower(login))), 1, 16)
);
create or replace temp macro fits(told, rule) as coalesce(regexp_full_match(lower(told), getvariable(rule)), false);
create or replace temp macro any_fits(told, rule) as coalesce(len(list_filter(told, lambda x: fits(x, rule))) > 0, false);

-- Two Jira sites may both have an issue 10001: the first site keeps its ids, those of a second one carry its name.
set variable first_github = (
    select min(source) from (
        select source from live.raw.github_pull_requests union all select source from live.raw.github_deployments
        union all select source from live.raw.github_issues union all select source from live.raw.github_runs
    )
);
set variable first_jira = (select min(source) from live.raw.jira_issues);
create or replace temp macro own(source, id) as
    if(source in (getvariable('first_github'), getvariable('first_jira')), id, source || ' ' || id);


-- Repositories -------------------------------------------------------------------------------------------------------------

-- What team.toml no longer names is kept, and out of every number. A repository may be named as it was called before.
create table repositories as
select
    own(source, r.id) as id,
    source,
    scope as repo,
    body ->> '$.url' as url,
    coalesce(try_cast(body ->> '$.isArchived' as boolean), false) as archived,
    gone_at is not null as gone,
    not exists (from listed_repositories) and not exists (from organisation_rules)
    or exists (from listed_repositories l where l.source = r.source and l.name = lower(r.scope))
    or exists (
        from listed_repositories l
        join live.raw.github_repository_names n on n.source = l.source and n.id = l.name
        where l.source = r.source and (n.body ->> '$.id') = r.id
    )
    or exists (
        from organisation_rules o
        where o.source = r.source and o.owner = lower(split_part(r.scope, '/', 1))
            and (
                (o.everything and not archived)
                or regexp_full_match(lower(r.scope), o.include)
                or regexp_full_match(lower(split_part(r.scope, '/', 2)), o.include)
            )
            and not regexp_full_match(lower(r.scope), o.exclude)
            and not regexp_full_match(lower(split_part(r.scope, '/', 2)), o.exclude)
    ) as shown,
from live.raw.github_repositories r
order by source, repo, id;

create temp table hidden as select source, repo as scope from repositories where not shown;

-- What is too long for one answer overflows into parts. Parts older than the last whole reading tell of what is no more.
create or replace temp macro with_parts(items, parts) as table
    from query_table(items) where gone_at is null and (source, scope) not in (from hidden)
    union all
    select o.*
    from query_table(parts) o
    join query_table(items) i on i.source = o.source and i.id = o.parent
    where i.gone_at is null and coalesce(o.version >= i.whole, true) and (i.source, i.scope) not in (from hidden);


-- Pull requests as told ----------------------------------------------------------------------------------------------------

create temp table pull_body as
select own(source, coalesce(parent, id)) as id, source, parent, scope as repo, unnest(from_json(body, '{
    "number": "BIGINT", "title": "VARCHAR", "url": "VARCHAR", "state": "VARCHAR", "isDraft": "BOOLEAN",
    "createdAt": "TIMESTAMPTZ", "updatedAt": "TIMESTAMPTZ", "mergedAt": "TIMESTAMPTZ", "closedAt": "TIMESTAMPTZ",
    "additions": "BIGINT", "deletions": "BIGINT", "changedFiles": "BIGINT",
    "baseRefName": "VARCHAR", "headRefName": "VARCHAR", "isCrossRepository": "BOOLEAN",
    "author": {"__typename": "VARCHAR", "login": "VARCHAR"}, "mergeCommit": {"oid": "VARCHAR"},
    "timelineItems": {"nodes": [{
        "__typename": "VARCHAR", "id": "VARCHAR", "fullDatabaseId": "BIGINT", "state": "VARCHAR",
        "createdAt": "TIMESTAMPTZ", "submittedAt": "TIMESTAMPTZ", "author": {"__typename": "VARCHAR", "login": "VARCHAR"},
        "commit": {"oid": "VARCHAR", "authoredDate": "TIMESTAMPTZ", "committedDate": "TIMESTAMPTZ"}
    }]}
}'))
from with_parts('live.raw.github_pull_requests', 'live.raw.github_pull_request_parts');

create temp view pull as
select *, utc(createdAt) as opened_at, utc(mergedAt) as merged_at from pull_body where parent is null;

create temp view timeline as
select id as pull_request_id, source, unnest(timelineItems.nodes) as item from pull_body;


-- Commits ------------------------------------------------------------------------------------------------------------------

create table commits as
select
    item.commit.oid as sha,
    pull_request_id,
    min(utc(item.commit.authoredDate)) as authored_at,
    min(utc(item.commit.committedDate)) as committed_at,
from timeline
where item.commit.oid is not null
group by all;


-- Reviews ------------------------------------------------------------------------------------------------------------------

create temp table review as
select
    own(source, item.id) as id,
    pull_request_id,
    -- pages that overlap may tell a review twice, before and after its dismissal
    max({
        'at': utc(item.submittedAt), 'state': lower(item.state), 'login': item.author.login, 'is': item.author.__typename
    }) as told,
    max(item.fullDatabaseId) as database_id,
from timeline
where item.__typename = 'PullRequestReview'
group by all;

-- Everybody once: hashes and patterns cost more than a join.
create temp table people as
select login, person(login) as hash, fits(login, 'rule_bots') or coalesce(bool_or("is" = 'Bot'), false) as bot
from (
    select told.login, told.is from review
    union all
    select author.login, author.__typename from pull
)
where login is not null
group by login;

create table reviews as
select
    r.id,
    r.pull_request_id,
    r.told.state as state,
    r.told.at as submitted_at,
    x.hash as reviewer,
    coalesce(x.bot, false) as bot,
    -- of two deleted accounts nobody knows whether they were one
    lower(r.told.login) is not distinct from lower(p.author.login) as by_author,
    r.database_id,
from review r
join pull p on p.id = r.pull_request_id
left join people x on x.login = r.told.login
order by submitted_at, r.id, pull_request_id;


-- Deployments --------------------------------------------------------------------------------------------------------------

create temp table deployment_body as
select own(source, coalesce(parent, id)) as id, source, parent, scope as repo, unnest(from_json(body, '{
    "databaseId": "BIGINT", "environment": "VARCHAR", "task": "VARCHAR", "state": "VARCHAR", "commitOid": "VARCHAR",
    "ref": {"name": "VARCHAR"}, "createdAt": "TIMESTAMPTZ", "updatedAt": "TIMESTAMPTZ",
    "statuses": {"nodes": [{"id": "VARCHAR", "state": "VARCHAR", "createdAt": "TIMESTAMPTZ", "logUrl": "VARCHAR"}]}
}'))
from with_parts('live.raw.github_deployments', 'live.raw.github_deployment_parts');

create temp table step as
select deployment_id, source, item.id as id, lower(item.state) as state, utc(item.createdAt) as created_at, item.logUrl as log_url
from (select id as deployment_id, source, unnest(statuses.nodes) as item from deployment_body)
where state is not null;

create table deployment_statuses as
select distinct
    coalesce(own(source, id), deployment_id || ' ' || state || ' ' || created_at) as id,
    deployment_id,
    state,
    created_at,
from step
order by created_at, id, deployment_id;

-- A commit's place is the moment its pull request was merged into its branch. That holds for squash, rebase and merge alike
-- and needs no history of commits. Merges of the same second share a place.
create temp table merge as
select repo, mergeCommit.oid as sha, baseRefName as base, max(merged_at) as merged_at
from pull
where merged_at is not null and sha is not null
group by all;

create temp table attempt as
with outcome as (
    select
        deployment_id as id,
        bool_or(state = 'success') as succeeded,
        min(created_at) filter (state = 'success') as succeeded_at,
        min({'at': created_at, 'state': state}) filter (state in ('failure', 'error')) as broke,
        bool_and(state = 'inactive') as only_inactive,
        max({'at': created_at, 'url': log_url}) filter (log_url is not null) as log,
    from step
    group by all
),
place as (
    select repo, sha as commitOid, max({'merged_at': merged_at, 'base': base}) as place from merge group by all
)
select
    d.*,
    -- one success is a success for ever: inactive is how a deployment normally ends when the next one arrives
    case
        when coalesce(succeeded, d.state in ('ACTIVE', 'SUCCESS')) then 'success'
        when broke is not null then broke.state
        when only_inactive then 'unknown'
        else 'pending'
    end as outcome,
    case outcome when 'success' then coalesce(succeeded_at, utc(d.updatedAt)) else broke.at end as finished_at,
    fits(d.environment, 'rule_production') as production,
    fits(d.task, 'rule_hotfix') or fits(d.ref.name, 'rule_hotfix') as hotfix,
    fits(d.task, 'rule_rollback') or fits(d.ref.name, 'rule_rollback') as rollback,
    place,
    log.url as log_url,
from deployment_body d
left join outcome o using (id)
left join place using (repo, commitOid)
where d.parent is null;

create table deployments as
with success as (
    select *, min(finished_at) over (partition by repo, environment, commitOid) as first_live_at
    from attempt
    where outcome = 'success'
    qualify row_number() over (partition by repo, environment, finished_at order by id desc) = 1
),
judged as (
    select
        a.*,
        n.finished_at as next_success_at,
        n.commitOid as next_sha,
        -- put back: said so, merged earlier into the same branch, or live before this one already
        coalesce(
            a.production and a.outcome = 'success' and n.commitOid <> a.commitOid and n.createdAt > a.createdAt and (
                n.rollback
                or coalesce(n.place.base = a.place.base and n.place.merged_at < a.place.merged_at, false)
                or n.first_live_at < a.finished_at
            ),
            false
        ) as rolled_back,
    from attempt a
    asof left join success n on n.repo = a.repo and n.environment = a.environment and a.finished_at < n.finished_at
),
repository as (
    select repo, max(url) as repo_url
    from (
        select scope as repo, body ->> '$.url' as url from live.raw.github_repositories where gone_at is null
        union all
        select repo, regexp_extract(url, '^(https?://.+)/pull/\d+$', 1) from pull where url like '%/pull/%'
    )
    group by repo
)
select
    id,
    repo,
    environment,
    production,
    commitOid as sha,
    ref.name as ref,
    task,
    utc(createdAt) as created_at,
    finished_at,
    outcome,
    outcome in ('failure', 'error') or rolled_back as failed,
    case
        when outcome in ('failure', 'error') then 'It ended as ' || outcome || ' and never succeeded.'
        when rolled_back then 'It was rolled back: ' || left(next_sha, 7) || ' was put back on '
            || strftime(next_success_at, '%-d %b %Y, %H:%M') || ' UTC.'
    end as why_failed,
    if(failed, next_success_at, null) as restored_at,
    hotfix or rollback or coalesce(
        lag(rolled_back) over (partition by repo, environment, outcome order by finished_at, id), false
    ) as rework,
    coalesce(if(starts_with(log_url, repo_url || '/'), log_url, repo_url || '/deployments'), log_url) as url,
    utc(updatedAt) as updated_at,
    databaseId as database_id,
from judged
left join repository using (repo)
order by created_at, id;


-- The default branch -------------------------------------------------------------------------------------------------------

-- Places on the first-parent line, the oldest first: whatever has a smaller place lies before. A commit beside the line shares
-- the place of the merge that brought it in. Places grow as the history is read further back; their order stays.
create table default_branch as
select
    scope as repo,
    oid as sha,
    dense_rank() over (partition by source, scope order by walk, below desc) as position,
    utc(committedDate) as committed_at,
    line as on_line,
from (select source, scope, unnest(from_json(body, '{
    "oid": "VARCHAR", "committedDate": "TIMESTAMPTZ", "walk": "BIGINT", "below": "BIGINT", "line": "BOOLEAN"
}'))
from live.raw.github_commits
where gone_at is null and (source, scope) not in (from hidden))
order by repo, position, committed_at, sha;


-- Releases -----------------------------------------------------------------------------------------------------------------

create table releases as
select
    id,
    repo,
    tagName as tag,
    coalesce(nullif(name, ''), tagName) as name,
    coalesce(isPrerelease, false) as prerelease,
    utc(createdAt) as created_at,
    utc(publishedAt) as published_at,
    url,
from (select own(source, id) as id, scope as repo, unnest(from_json(body, '{
    "tagName": "VARCHAR", "name": "VARCHAR", "isPrerelease": "BOOLEAN", "url": "VARCHAR",
    "createdAt": "TIMESTAMPTZ", "publishedAt": "TIMESTAMPTZ"
}'))
from live.raw.github_releases
where gone_at is null and (source, scope) not in (from hidden))
order by created_at, id;


-- Pull requests ------------------------------------------------------------------------------------------------------------

create temp table deployed as
with placed as (
    -- Where the history of the default branch is known, it says which merges a deployed commit carries.
    select d.repo, b.position as up_to, d.id, d.finished_at
    from deployments d
    join default_branch b using (repo, sha)
    where d.production and d.outcome = 'success'
),
carried_on_line as (
    select repo, up_to, min(min(finished_at)) over (partition by repo order by up_to desc) as deployed_at
    from placed
    group by repo, up_to
),
live as (
    -- What a production success carries: all that was merged up to its commit. So a rollback carries only what is old.
    select d.repo, m.base, m.merged_at as up_to, d.finished_at, d.id in (select id from placed) as known
    from deployments d
    join merge m using (repo, sha)
    where d.production and d.outcome = 'success'
    union all
    -- A commit that is no merge (pushed directly, tagged) carries what was merged before it was first deployed to anywhere.
    select d.repo, null, f.created_at, d.finished_at, d.id in (select id from placed)
    from deployments d
    join (select repo, sha, min(created_at) as created_at from deployments group by all) f using (repo, sha)
    anti join merge m using (repo, sha)
    where d.production and d.outcome = 'success'
),
carried as (
    -- An older commit may have gone out later: of all deployments that carry a merge the first counts.
    select repo, base, up_to, min(min(finished_at)) over (partition by repo, base order by up_to desc) as deployed_at
    from live
    group by repo, base, up_to
),
carried_unknown as (
    -- The same for deployments of commits that are not in the history: tags beside it, or it is still being read.
    select repo, base, up_to, min(min(finished_at)) over (partition by repo, base order by up_to desc) as deployed_at
    from live
    where not known
    group by repo, base, up_to
),
direct as (
    select
        p.id, p.repo, p.baseRefName, p.headRefName, p.isCrossRepository, p.merged_at,
        if(
            b.position is null,
            least(m.deployed_at, o.deployed_at),
            least(h.deployed_at, mu.deployed_at, ou.deployed_at)
        ) as deployed_at,
    from pull p
    left join default_branch b on b.repo = p.repo and b.sha = p.mergeCommit.oid
    asof left join carried_on_line h on h.repo = p.repo and b.position <= h.up_to
    asof left join (from carried where base is not null) m
        on m.repo = p.repo and m.base = p.baseRefName and p.merged_at <= m.up_to
    asof left join (from carried where base is null) o
        on o.repo = p.repo and p.merged_at <= o.up_to
    asof left join (from carried_unknown where base is not null) mu
        on mu.repo = p.repo and mu.base = p.baseRefName and p.merged_at <= mu.up_to
    asof left join (from carried_unknown where base is null) ou
        on ou.repo = p.repo and p.merged_at <= ou.up_to
    where p.merged_at is not null
),
onward as (
    -- Merged into a branch that is itself merged on, a stack or a develop branch: deployed together with that branch.
    select repo, headRefName, merged_at, min(deployed_at) as deployed_at
    from direct
    where isCrossRepository is not true
    group by all
)
select d.id, coalesce(d.deployed_at, o.deployed_at) as deployed_at
from direct d
asof left join onward o on o.repo = d.repo and o.headRefName = d.baseRefName and d.merged_at <= o.merged_at;

create temp table revert as
with named as (
    select
        id, repo, opened_at,
        try_cast(regexp_extract(headRefName, '^revert-(\d+)-', 1) as bigint) as number,
        nullif(regexp_extract(title, '(?is)^revert "(.+)"', 1), '') as title,
    from pull
    where title ilike 'revert "%' or headRefName like 'revert-%'
),
merged as (
    select repo, number, title, merged_at, min(id) as id from pull where merged_at is not null group by all
)
-- The number in the branch is exact; a title means the latest of that name merged before.
select n.id, coalesce(min(b.id), min(t.id)) as revert_of
from named n
left join merged b on b.repo = n.repo and b.number = n.number and b.merged_at <= n.opened_at
asof left join (select repo, title, merged_at, min(id) as id from merged group by all) t
    on t.repo = n.repo and t.title = n.title and t.merged_at <= n.opened_at
group by n.id;

create table pull_requests as
with made as (
    select pull_request_id as id, min(authored_at) as first_commit_at, count(*) as commits from commits group by all
),
ready as (
    -- Toggled twice, the last time counts: while it is a draft again, nobody is expected to look at it.
    select pull_request_id as id, max(utc(item.createdAt)) as ready_at
    from timeline
    where item.__typename = 'ReadyForReviewEvent'
    group by all
),
reviewed as (
    -- Reviews by bots and by the author do not count, and after the merge nothing waited for them.
    select
        p.id,
        count(*) as reviews,
        min(submitted_at) filter (coalesce(submitted_at <= merged_at, true)) as first_review_at,
        max(submitted_at) filter (coalesce(submitted_at <= merged_at, true) and r.state = 'approved') as approved_at,
    from reviews r
    join pull p on p.id = r.pull_request_id
    where submitted_at is not null and not bot and not by_author
    group by all
)
select
    p.id,
    repo,
    number,
    title,
    url,
    lower(state) as state,
    coalesce(isDraft, false) as draft,
    opened_at,
    if(draft, null, coalesce(ready_at, opened_at)) as ready_at,
    first_commit_at,
    first_review_at,
    approved_at,
    merged_at,
    utc(closedAt) as closed_at,
    deployed_at,
    mergeCommit.oid as merge_sha,
    additions,
    deletions,
    changedFiles as files,
    coalesce(commits, 0) as commits,
    coalesce(reviews, 0) as reviews,
    baseRefName as base,
    coalesce(bot, false) as bot,
    revert_of,
    hash as author,
    utc(updatedAt) as updated_at,
from pull p
left join people x on x.login = p.author.login
left join made using (id)
left join ready using (id)
left join reviewed using (id)
left join deployed using (id)
left join revert using (id)
order by opened_at, p.id;


-- Workflow runs ------------------------------------------------------------------------------------------------------------

create temp table run_body as
select own(source, id) as id, scope as repo, unnest(from_json(body, '{
    "name": "VARCHAR", "path": "VARCHAR", "display_title": "VARCHAR", "event": "VARCHAR", "html_url": "VARCHAR",
    "status": "VARCHAR", "conclusion": "VARCHAR", "run_attempt": "BIGINT",
    "created_at": "TIMESTAMPTZ", "run_started_at": "TIMESTAMPTZ", "updated_at": "TIMESTAMPTZ"
}'))
from live.raw.github_runs
where gone_at is null and (source, scope) not in (from hidden);

-- GitHub may tell a path with the branch it was read from: ci.yml@refs/heads/main.
create temp view run as select *, parse_filename(split_part(path, '@', 1)) as file from run_body;

-- All patterns as one at first: most runs are nobody's Workflow, and a constant pattern is made ready only once.
set variable rule_workflows = (select coalesce(string_agg(pattern, '|'), '[^\s\S]') from workflow_rules);

create temp table self_service as
select text, arg_min(name, place) as self_service
from (select distinct unnest([file, name, display_title]) as text from run)
join workflow_rules on regexp_full_match(lower(text), pattern)
where fits(text, 'rule_workflows')
group by text;

create table workflow_runs as
select
    id,
    repo,
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
from run r
left join self_service f on f.text = file
left join self_service n on n.text = name
left join self_service t on t.text = display_title
order by created_at, id;


-- Issues as told -----------------------------------------------------------------------------------------------------------

-- Custom fields have another number on every site; what they are to us was found out when they were listed. Of several that
-- hold story points the one a board estimates in goes first.
create temp table field_role as
select source, id, role, min(place) as place
from (
    select source, id, body ->> '$.role' as role, 1 as place from live.raw.jira_fields where gone_at is null
    union all
    select source, body ->> '$.estimation.fieldId', 'points', 0 from live.raw.jira_boards where gone_at is null
)
where role is not null and regexp_full_match(id, 'customfield_\d+')
group by all;

create temp table jira_roles as
select
    source,
    list(id order by place, id) filter (role = 'points') as points_in,
    list(id order by place, id) filter (role = 'sprint') as sprint_in,
    list(id order by place, id) filter (role = 'epic') as epic_in,
    list(id order by place, id) filter (role = 'request') as request_in,
    list(id order by place, id) filter (role = 'sla') as sla_in,
from field_role
group by all;

set variable jira_custom = (
    select list(distinct id order by id) from (select id from field_role union all select 'customfield_0') -- a list is never empty
);
set variable jira_shape = '{"key": "VARCHAR", "fields": {
    "summary": "VARCHAR", "issuetype": {"name": "VARCHAR"}, "priority": {"name": "VARCHAR"}, "resolution": {"name": "VARCHAR"},
    "project": {"key": "VARCHAR"}, "status": {"id": "VARCHAR", "name": "VARCHAR", "statusCategory": {"key": "VARCHAR"}},
    "created": "VARCHAR", "updated": "VARCHAR", "resolutiondate": "VARCHAR",
    "labels": ["VARCHAR"], "components": [{"name": "VARCHAR"}], "parent": {"key": "VARCHAR"}, '
    || array_to_string(list_transform(getvariable('jira_custom'), lambda c: '"' || c || '": "JSON"'), ', ') || '}}';

-- What the fields with a role hold, null where nothing.
create or replace temp macro held(custom, ids) as
    list_filter(list_transform(ids, lambda f: custom[f]), lambda v: coalesce(v::varchar, 'null') <> 'null');

create temp table jira_body as
with told as (
    select source, id as node, scope, key, unnest(fields)
    from (
        select source, id, scope, unnest(from_json(body, getvariable('jira_shape')))
        from live.raw.jira_issues
        where gone_at is null
    )
),
named as (
    select
        columns(lambda c: not regexp_full_match(c, 'customfield_\d+')),
        map(getvariable('jira_custom'), [*columns('^customfield_\d+$')]) as custom,
    from told
    -- a project that left team.toml is kept, out of every number
    where project.key is null
        or not exists (from listed_projects)
        or (source, upper(project.key)) in (select (source, project) from listed_projects)
)
select
    own(source, node) as id,
    n.* exclude (custom),
    try_cast(held(custom, points_in)[1] as double) as points,
    held(custom, sprint_in)[1] as sprints,
    held(custom, epic_in)[1] ->> '$' as epic,
    coalesce(held(custom, request_in)[1] ->> '$.requestType.name', held(custom, request_in)[1] ->> '$') as request,
    held(custom, sla_in) as slas,
from named n
left join jira_roles using (source);

create temp table issue_body as
select own(source, coalesce(parent, id)) as id, source, parent as part_of, scope as repo, unnest(from_json(body, '{
    "number": "BIGINT", "title": "VARCHAR", "url": "VARCHAR", "state": "VARCHAR", "stateReason": "VARCHAR",
    "createdAt": "TIMESTAMPTZ", "updatedAt": "TIMESTAMPTZ", "closedAt": "TIMESTAMPTZ",
    "issueType": {"name": "VARCHAR"}, "parent": {"number": "BIGINT"}, "labels": {"nodes": [{"name": "VARCHAR"}]},
    "timelineItems": {"nodes": [{"__typename": "VARCHAR", "id": "VARCHAR", "createdAt": "TIMESTAMPTZ"}]}
}'))
from with_parts('live.raw.github_issues', 'live.raw.github_issue_parts');


-- Moves from status to status ----------------------------------------------------------------------------------------------

create temp table move as
select
    own(source, h.id) || if(nth = 1, '', '/' || nth) as id,
    j.id as issue_id,
    source,
    moment(h.created) as moved_at,
    item."from" as from_id,
    item.fromString as from_status,
    item."to" as to_id,
    item.toString as to_status,
from (
    select source, id, parent as node, created, unnest(items) as item, generate_subscripts(items, 1) as nth
    from (
        select * exclude items, list_filter(items, lambda i: lower(coalesce(i.fieldId, i.field)) = 'status') as items
        from (select source, id, parent, unnest(from_json(body, '{"created": "VARCHAR", "items": [{
            "field": "VARCHAR", "fieldId": "VARCHAR",
            "from": "VARCHAR", "fromString": "VARCHAR", "to": "VARCHAR", "toString": "VARCHAR"
        }]}'))
        from live.raw.jira_histories
        where gone_at is null)
    )
) h
join jira_body j using (source, node);

-- What each status ever named means: the team's word for it, else its category by id, else by name. A status that Jira no
-- longer has and team.toml does not name means nothing.
create temp table meaning as
with named as (
    select source, from_id as id, from_status as name from move
    union
    select source, to_id, to_status from move
    union
    select source, status.id, status.name from jira_body
),
known as (
    select
        source,
        id,
        max(name) as name,
        max(map {'new': 'queue', 'indeterminate': 'active', 'done': 'done'}[category]) as kind,
    from (
        select source, id, body ->> '$.name' as name, body ->> '$.statusCategory.key' as category
        from live.raw.jira_statuses
        where gone_at is null
        union all
        select source, status.id, status.name, status.statusCategory.key from jira_body
    )
    group by all
),
ruled as (
    select name, arg_min(kind, place) as kind
    from (select name from named union select name from known)
    join status_rules on regexp_full_match(lower(name), pattern)
    group by all
)
select
    n.source,
    n.id,
    n.name,
    coalesce(min(told.kind), min(today.kind), min(by_id.kind), min(by_name.kind)) as kind,
from named n
left join ruled told on told.name = n.name
left join known by_id on by_id.source = n.source and by_id.id = n.id
left join ruled today on today.name = by_id.name
left join known by_name on by_name.source = n.source and lower(by_name.name) = lower(n.name)
group by all;

create table issue_moves as
select
    m.id,
    m.issue_id,
    m.moved_at,
    m.from_status,
    m.to_status,
    f.kind as from_kind,
    t.kind as to_kind,
from move m
left join meaning f on f.source = m.source and f.id is not distinct from from_id and f.name is not distinct from from_status
left join meaning t on t.source = m.source and t.id is not distinct from to_id and t.name is not distinct from to_status
union all
select distinct
    coalesce(own(source, item.id), issue_id || ' ' || item.createdAt),
    issue_id,
    utc(item.createdAt),
    if(item.__typename = 'ClosedEvent', 'open', 'closed'),
    if(item.__typename = 'ClosedEvent', 'closed', 'open'),
    if(item.__typename = 'ClosedEvent', 'queue', 'done'),
    if(item.__typename = 'ClosedEvent', 'done', 'queue'),
from (select id as issue_id, source, unnest(timelineItems.nodes) as item from issue_body)
where item.__typename in ('ClosedEvent', 'ReopenedEvent')
order by moved_at, id, issue_id;


-- Sprints ------------------------------------------------------------------------------------------------------------------

create temp table sprint_body as
select own(source, id) as id, source, try_cast(id as bigint) as number, unnest(from_json(body, '{
    "name": "VARCHAR", "state": "VARCHAR", "goal": "VARCHAR", "originBoardId": "BIGINT",
    "startDate": "VARCHAR", "endDate": "VARCHAR", "completeDate": "VARCHAR"
}'))
from live.raw.jira_sprints
where gone_at is null;

create temp table board_body as
select source, unnest(from_json(body, '{"id": "BIGINT", "name": "VARCHAR", "project": "VARCHAR"}'))
from live.raw.jira_boards
where gone_at is null;

-- The sprint an issue is in, else the last one it was in. Data Center tells a sprint as a text: …[id=1,…,name=Sprint 1,…].
create temp table in_sprint as
select id, max_by(name, {'open': coalesce(state <> 'closed', false), 'number': number}) as sprint
from (
    select
        t.id,
        coalesce(b.number, t.number) as number,
        coalesce(b.name, told ->> '$.name', nullif(regexp_extract(text, ',name=(.*?),(?:startDate|goal)=', 1), '')) as name,
        lower(coalesce(b.state, told ->> '$.state', regexp_extract(text, ',state=(\w+)', 1))) as state,
    from (
        select
            *,
            told ->> '$' as text,
            try_cast(coalesce(told ->> '$.id', regexp_extract(told ->> '$', '\[id=(\d+)', 1)) as bigint) as number,
        from (select id, source, unnest(from_json(sprints, '["JSON"]')) as told from jira_body where sprints is not null)
    ) t
    left join sprint_body b using (source, number)
)
where name is not null
group by id;

create table sprints as
select
    s.id,
    s.name,
    lower(s.state) as state,
    nullif(s.goal, '') as goal,
    moment(startDate) as started_at,
    moment(endDate) as ends_at,
    moment(completeDate) as completed_at,
    b.name as board,
    b.project,
from sprint_body s
left join board_body b on b.source = s.source and b.id = s.originBoardId
where b.project is null
    or not exists (from listed_projects)
    or (s.source, upper(b.project)) in (select (source, project) from listed_projects)
order by started_at, s.id;


-- Worklogs -----------------------------------------------------------------------------------------------------------------

create table worklogs as
with told as (
    select own(source, id) as id, source, unnest(from_json(body, '{
        "issueId": "VARCHAR", "started": "VARCHAR", "timeSpentSeconds": "BIGINT", "author": {"accountId": "VARCHAR"}
    }'))
    from live.raw.jira_worklogs
    where gone_at is null
)
select
    w.id,
    j.id as issue_id,
    moment(started) as started_at,
    timeSpentSeconds as seconds,
    hash as author,
from told w
join jira_body j on j.source = w.source and j.node = w.issueId
left join (select login, person(login) as hash from (select distinct author.accountId as login from told) where login is not null) x
    on x.login = w.author.accountId
order by started_at, w.id;


-- Issues -------------------------------------------------------------------------------------------------------------------

create table issues as
with told as (
    select
        j.id, 'jira' as source, coalesce(project.key, scope) as project, key, summary as title, site || '/browse/' || key as url,
        issuetype.name as type, priority.name as priority, status.name as status, kind as status_kind,
        moment(created) as created_at, moment(updated) as updated_at, moment(resolutiondate) as told_at,
        resolution.name as resolution, list_filter(list_transform(components, lambda c: c.name), lambda c: c is not null) as components,
        coalesce(parent.key, epic) as parent, sprint, points, labels,
    from jira_body j
    left join in_sprint using (id)
    left join (
        select source, rtrim(max(body ->> '$.baseUrl'), '/') as site from live.raw.jira_sites group by all
    ) using (source)
    left join meaning m
        on m.source = j.source and m.id is not distinct from status.id and m.name is not distinct from status.name
    union all
    select
        id, 'github', repo, repo || '#' || number, title, url,
        issueType.name, null, lower(state), if(lower(state) = 'closed', 'done', 'queue'),
        utc(createdAt), utc(updatedAt), utc(closedAt),
        lower(stateReason), [split_part(repo, '/', -1)], repo || '#' || parent.number,
        null, null, list_filter(list_transform(labels.nodes, lambda l: l.name), lambda l: l is not null),
    from issue_body
    where part_of is null
),
moved as (
    select
        issue_id as id,
        min({'at': moved_at, 'number': try_cast(id as bigint), 'kind': from_kind}).kind as first_kind,
        min(moved_at) filter (to_kind = 'active') as first_active_at,
        -- from Resolved to Closed nothing is resolved again
        max(moved_at) filter (to_kind = 'done' and from_kind is distinct from 'done') as last_done_at,
        count(*) filter (from_kind = 'done' and to_kind <> 'done') as reopens,
    from issue_moves
    group by all
)
select
    t.id,
    source,
    project,
    key,
    title,
    url,
    coalesce(t.type, if(source = 'github', if(any_fits(t.labels, 'rule_bug_labels'), 'Bug', 'Issue'), null)) as type,
    fits(t.type, 'rule_bug_types') or any_fits(t.labels, 'rule_bug_labels') as is_bug,
    fits(t.type, 'rule_incident_types') or any_fits(t.labels, 'rule_incident_labels') as is_incident,
    priority,
    status,
    status_kind,
    created_at,
    updated_at,
    if(if(m.id is null, status_kind, first_kind) = 'active', created_at, first_active_at) as started_at,
    -- done without a move on record (imported, or its history still to be read): then by its last change at the latest
    case
        when status_kind = 'done' then coalesce(last_done_at, told_at, updated_at)
        when status_kind is null then told_at
    end as resolved_at,
    resolution,
    coalesce(reopens, 0) as reopens,
    coalesce(t.components, []) as components,
    parent,
    sprint,
    if(isfinite(t.points) and t.points >= 0, t.points, null) as points,
    coalesce(t.labels, []) as labels,
from told t
left join moved m using (id)
order by created_at, t.id;


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


-- Usage --------------------------------------------------------------------------------------------------------------------

create table usage as
select utc(happened_at) as happened_at, feature, count, area, person("user") as user_hash
from (select unnest(from_json(body, '{
    "happened_at": "TIMESTAMPTZ", "feature": "VARCHAR", "count": "BIGINT", "area": "VARCHAR", "user": "VARCHAR"
}'))
from live.raw.usage_rows
where gone_at is null)
order by all;


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
