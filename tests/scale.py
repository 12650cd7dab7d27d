"""A company of any size, made up by SQL straight into a store: what GitHub and Jira would have told of so many pull requests.

For each pull request, of 2.7 kB like those collected: one commit on the default branch if it was merged, one run of Actions,
half a deployment, and a third of an issue with three moves. The life of five years in repositories of 2,500 pull requests
each; the first is one of services told apart by their paths. All of it is drawn by hash: the same size is the same company.
"""

from data import Live

BATCH = 50_000  # pull requests written at once: what is being written has to fit into the store's memory
EACH = 2_500  # pull requests of a repository
WORDS = """
timezone = "Europe/Berlin"
bots = ["renewbot"]
[[github]]
url = "https://github.com"
organisations = ["acme"]
[[jira]]
url = "https://jira.acme.example"
projects = ["SHOP", "PAY", "OPS"]
[deployments]
production = ["production"]
hotfix = ["deploy:hotfix", "hotfix/*"]
[bugs]
types = ["Bug"]
[incidents]
types = ["Incident"]
[statuses]
queue = ["To Do"]
active = ["In Progress"]
wait = ["In Review"]
done = ["Done"]
[work.goal]
types = ["Story"]
[work.keep]
types = ["Task"]
[[services]]
name = "shop"
repositories = ["acme/app-0"]
paths = ["src/part0/*", "src/part1/*"]
[[services]]
name = "stock"
repositories = ["acme/app-0"]
paths = ["src/part2/*", "lib/*"]
"""

DRAW = """
create or replace temp macro draw(i, salt, n) as (hash(i, salt) % n)::bigint;
create or replace temp macro told(t) as if(t is null, 'null', strftime(t, '"%Y-%m-%dT%H:%M:%SZ"'));
create or replace temp macro sha(i, salt) as (with d as (select md5(salt || i) as m) select m || left(m, 8) from d);
create or replace temp macro page(items) as
    '{"totalCount":' || len(items) || ',"pageInfo":{"hasNextPage":false,"endCursor":null},"nodes":['
    || array_to_string(items, ',') || ']}';
"""
# One row for each pull request: what happened to it, and when.
LIVES = """
create or replace temp table life as
select
    *,
    'acme/app-' || place as repo,
    case kind when 'merged' then opened_at + to_seconds(3600 * (2 + draw(i, 'merged', 90))) end as merged_at,
    coalesce(merged_at, if(kind = 'dropped', opened_at + to_days(1 + draw(i, 'dropped', 20)::integer), null)) as closed_at,
    if(draw(i, 'bot', 14) = 0, 'renewbot', 'person-' || (place * 5 + draw(i, 'author', 40))) as login,
    'person-' || (place * 5 + draw(i, 'reviewer', 40)) as reviewer,
    opened_at + to_seconds(600 + draw(i, 'review', 100000)) as reviewed_at,
from (
    select
        i,
        i // $each as place,
        $each - i % $each as number, -- the newest come first, as they are collected
        timestamp '2021-07-01'
            + to_microseconds(((number - 1 + draw(i, 'at', 1000) / 1000) / $each * 1825 * 86400)::bigint * 1000000) as opened_at,
        case
            when opened_at > timestamp '2026-06-24' or draw(i, 'kind', 500) = 0 then 'open'
            when draw(i, 'kind', 500) < 25 then 'dropped'
            else 'merged'
        end as kind,
    from (select unnest(range($first, $last)) as i)
);
"""
PULL_REQUESTS = """
insert into raw.github_pull_requests
with parts as (
    select
        *,
        list_transform(range(1 + draw(i, 'files', 6)), lambda f: format(
            '{{"path":"{}/part{}/module_{}.py","additions":{},"deletions":{},"changeType":"MODIFIED"}}',
            if(draw(i, 'root' || f, 9) = 0, 'lib', 'src'), draw(i, 'part' || f, 12), draw(i, 'file' || f, 25),
            draw(i, 'plus' || f, 90), draw(i, 'minus' || f, 40)
        )) as files,
        list_transform(range(1 + draw(i, 'commits', 3)), lambda c: format(
            '{{"__typename":"PullRequestCommit","commit":{{"oid":"{}","authoredDate":{},"committedDate":{},"author":{{"user":{{"login":"{}"}}}}}}}}',
            md5('c' || i || ' ' || c) || left(md5('d' || i || ' ' || c), 8),
            told(opened_at - to_seconds(1000 * (3 - c) + draw(i, 'commit', 90000))), told(opened_at - to_seconds(1000 * (3 - c))), login
        )) as commits,
        if(closed_at is null, [], ['{"__typename":"ClosedEvent","id":"E_' || i || 'c","createdAt":' || told(closed_at) || '}']) as closes,
    from life
)
select
    'github.com', 'PR_' || i, repo, null, coalesce(closed_at, opened_at),
    '{"id":"PR_' || i || '","number":' || number || ',"title":"' || if(draw(i, 'for', 3) = 0, ['SHOP', 'PAY', 'OPS'][1 + i % 3] || '-' || (1 + i // 3) || ' ', '')
    || 'Sort courier slots ' || draw(i, 'title', 5000) || '","url":"https://github.com/' || repo || '/pull/' || number
    || '","state":"' || case kind when 'merged' then 'MERGED' when 'open' then 'OPEN' else 'CLOSED' end
    || '","isDraft":false,"createdAt":' || told(opened_at) || ',"updatedAt":' || told(coalesce(closed_at, opened_at))
    || ',"closedAt":' || told(closed_at) || ',"mergedAt":' || told(merged_at)
    || ',"additions":' || draw(i, 'additions', 400) || ',"deletions":' || draw(i, 'deletions', 150) || ',"changedFiles":' || len(files)
    || ',"baseRefName":"main","headRefName":"feature/sort-courier-slots-' || draw(i, 'title', 5000)
    || '","isCrossRepository":false,"author":{"__typename":"' || if(login = 'renewbot', 'Bot', 'User') || '","login":"' || login
    || '"},"mergedBy":{"__typename":"User","login":"' || reviewer || '"},"mergeCommit":'
    || if(merged_at is null, 'null', '{"oid":"' || md5('m' || i) || left(md5('n' || i), 8) || '"}')
    || ',"labels":' || page(if(draw(i, 'label', 3) = 0, ['{"name":"bug"}'], []))
    || ',"closingIssuesReferences":' || page([]) || ',"files":' || page(files) || ',"timelineItems":' || page(commits || [
        '{"__typename":"ReviewRequestedEvent","id":"E_' || i || 'q","createdAt":' || told(opened_at) || ',"requestedReviewer":{"__typename":"User","login":"' || reviewer || '"}}',
        '{"__typename":"PullRequestReview","id":"E_' || i || 'r","fullDatabaseId":"' || i || '1","state":"COMMENTED","submittedAt":' || told(reviewed_at) || ',"author":{"__typename":"User","login":"' || reviewer || '"}}',
        '{"__typename":"PullRequestCommit","commit":{"oid":"' || md5('e' || i) || left(md5('f' || i), 8) || '","authoredDate":' || told(reviewed_at) || ',"committedDate":' || told(reviewed_at + interval 1 hour) || ',"author":{"user":{"login":"' || login || '"}}}}',
        '{"__typename":"PullRequestReview","id":"E_' || i || 's","fullDatabaseId":"' || i || '2","state":"APPROVED","submittedAt":' || told(reviewed_at + interval 2 hour) || ',"author":{"__typename":"User","login":"' || reviewer || '"}}'
    ] || closes) || '}',
    $seen_at, null, coalesce(closed_at, opened_at)
from parts;
"""
COMMITS = """
insert into raw.github_commits
select
    'github.com', 'C_' || i, repo, null, merged_at,
    '{"id":"C_' || i || '","oid":"' || md5('m' || i) || left(md5('n' || i), 8) || '","committedDate":' || told(merged_at)
    || ',"authoredDate":' || told(merged_at) || ',"parents":["' || md5('p' || i) || left(md5('q' || i), 8)
    || '"],"walk":1,"below":' || epoch(timestamp '2026-07-01' - merged_at)::bigint || ',"line":true}',
    $seen_at, null, merged_at
from life where merged_at is not null;
"""
RUNS = """
insert into raw.github_runs
select
    'github.com', i::text, repo, null, opened_at + interval 9 minute,
    '{"id":' || i || ',"name":"CI","display_title":"Sort courier slots ' || draw(i, 'title', 5000) || '","path":".github/workflows/ci.yml"'
    || ',"event":"pull_request","status":"completed","conclusion":"' || if(draw(i, 'red', 6) = 0, 'failure', 'success')
    || '","run_number":' || number || ',"run_attempt":1,"created_at":' || told(opened_at) || ',"run_started_at":' || told(opened_at + interval 30 second)
    || ',"updated_at":' || told(opened_at + to_seconds(300 + draw(i, 'long', 900))) || ',"html_url":"https://github.com/' || repo || '/actions/runs/' || i
    || '","head_sha":"' || md5('e' || i) || left(md5('f' || i), 8) || '","head_branch":"feature/sort-courier-slots-' || draw(i, 'title', 5000)
    || '","workflow_id":' || place || ',"actor":{"login":"' || login || '","type":"User"},"triggering_actor":{"login":"' || login || '","type":"User"}}',
    $seen_at, null, opened_at + interval 9 minute
from life;
"""
DEPLOYMENTS = """
insert into raw.github_deployments
with turns as (
    select *, merged_at + interval 20 minute as began, draw(i, 'broke', 20) = 0 as broke from life where i % 2 = 0 and merged_at is not null
)
select
    'github.com', 'DE_' || i, repo, null, began + interval 7 minute,
    '{"id":"DE_' || i || '","databaseId":' || i || ',"createdAt":' || told(began) || ',"updatedAt":' || told(began + interval 7 minute)
    || ',"environment":"' || if(i % 4 = 0, 'staging', 'production') || '","originalEnvironment":"production","task":"' || if(draw(i, 'hot', 40) = 0, 'deploy:hotfix', 'deploy')
    || '","state":"' || if(broke, 'FAILURE', 'ACTIVE') || '","commitOid":"' || md5('m' || i) || left(md5('n' || i), 8)
    || '","description":null,"ref":{"name":"main","prefix":"refs/heads/"},"statuses":' || page([
        '{"id":"DS_' || i || 'x2","state":"' || if(broke, 'FAILURE', 'SUCCESS') || '","createdAt":' || told(began + interval 7 minute) || ',"environment":"production","description":"","logUrl":null}',
        '{"id":"DS_' || i || 'x1","state":"IN_PROGRESS","createdAt":' || told(began + interval 1 minute) || ',"environment":"production","description":"","logUrl":null}',
        '{"id":"DS_' || i || 'x0","state":"QUEUED","createdAt":' || told(began) || ',"environment":"production","description":"","logUrl":null}'
    ]) || '}',
    $seen_at, null, began + interval 7 minute
from turns;
"""
ISSUES = """
create or replace temp table ticket as
select
    *,
    ['SHOP', 'PAY', 'OPS'][1 + place % 3] as project,
    project || '-' || (1 + i // 3) as key,
    case when draw(i, 'type', 200) = 0 then 'Incident' when draw(i, 'type', 5) = 0 then 'Bug' when draw(i, 'type', 5) < 3 then 'Story' else 'Task' end as type,
    opened_at - to_hours(60 + draw(i, 'before', 200)) as made_at,
    opened_at - to_hours(draw(i, 'begun', 60)) as begun_at,
    coalesce(closed_at, if(draw(i, 'kind', 500) = 0, null, opened_at + interval 1 day)) as done_at,
from life
where i % 3 = 0;
insert into raw.jira_issues
select
    'jira.acme.example', i::text, '*', null, coalesce(done_at, begun_at),
    '{"id":"' || i || '","key":"' || key || '","self":"https://jira.acme.example/rest/api/3/issue/' || i || '","fields":{"summary":"Price rules ' || draw(i, 'title', 5000)
    || '","issuetype":{"self":"https://jira.acme.example/rest/api/3/issuetype/10013","id":"10013","name":"' || type || '","subtask":false,"hierarchyLevel":0}'
    || ',"status":{"self":"https://jira.acme.example/rest/api/3/status/3","id":"' || if(done_at is null, 3, 6) || '","name":"' || if(done_at is null, 'In Progress', 'Done')
    || '","statusCategory":{"id":3,"key":"' || if(done_at is null, 'indeterminate', 'done') || '","colorName":"green","name":"Done"}}'
    || ',"project":{"self":"https://jira.acme.example/rest/api/3/project/' || project || '","id":"10102","name":"' || project || '","key":"' || project || '","projectTypeKey":"software"}'
    || ',"priority":{"self":"https://jira.acme.example/rest/api/3/priority/4","id":"4","name":"Low"},"created":' || told(made_at) || ',"updated":' || told(coalesce(done_at, begun_at))
    || ',"resolution":' || if(done_at is null, 'null', '{"self":"https://jira.acme.example/rest/api/3/resolution/10000","id":"10000","name":"Done"}')
    || ',"resolutiondate":' || told(done_at) || ',"labels":["customer"],"components":[{"self":"https://jira.acme.example/rest/api/3/component/11074","id":"11074","name":"app-' || place || '"}]'
    || ',"versions":[],"fixVersions":[],"customfield_10016":' || draw(i, 'points', 8) || ',"customfield_10020":null}}',
    $seen_at, null, coalesce(done_at, begun_at)
from ticket;
insert into raw.jira_histories
with moves as (
    select i, 1 as nth, begun_at as moved_at, '1' as from_id, 'To Do' as from_name, '3' as to_id, 'In Progress' as to_name from ticket
    union all
    select i, 2, begun_at + (done_at - begun_at) / 2, '3', 'In Progress', '4', 'In Review' from ticket where done_at is not null
    union all
    select i, 3, done_at, '4', 'In Review', '6', 'Done' from ticket where done_at is not null
)
select
    'jira.acme.example', i || '/' || (i * 4 + nth), '*', i::text, moved_at,
    '{"id":"' || (i * 4 + nth) || '","author":{"accountId":"712020:c6e67a2c963587b34dea86dd","accountType":"atlassian"},"created":' || epoch_ms(moved_at)
    || ',"items":[{"field":"status","fieldId":"status","fieldtype":"jira","from":"' || from_id || '","fromString":"' || from_name || '","to":"' || to_id || '","toString":"' || to_name || '"}]}',
    $seen_at, null, moved_at
from moves;
"""
ONCE = """
insert into raw.github_repositories
select
    'github.com', 'R_' || place, 'acme/app-' || place, null, $seen_at,
    '{"id":"R_' || place || '","nameWithOwner":"acme/app-' || place || '","url":"https://github.com/acme/app-' || place || '","isArchived":false,"defaultBranchRef":{"name":"main"}}',
    $seen_at, null, $seen_at
from (select unnest(range((select count(*) from raw.github_pull_requests) // $each + 1)) as place);
insert into raw.jira_sites select 'jira.acme.example', 'jira.acme.example', '*', null, $seen_at, '{"baseUrl":"https://jira.acme.example"}', $seen_at, null, $seen_at;
insert into raw.jira_fields select 'jira.acme.example', 'customfield_10016', '*', null, $seen_at, '{"id":"customfield_10016","role":"points"}', $seen_at, null, $seen_at;
insert into progress
select source, kind, stream, scope, null, $seen_at, $seen_at, null, null
from (
    select distinct 'github.com' as source, 'github' as kind, unnest(['github_pull_requests', 'github_commits', 'github_runs', 'github_deployments', 'github_issues', 'github_releases', 'github_repositories']) as stream, scope
    from raw.github_repositories
    union all
    select 'jira.acme.example', 'jira', unnest(['jira_issues', 'jira_histories', 'jira_sprints']), '*'
);
"""


def make_up(live: Live, size: int) -> None:
    """Write the raw answers about `size` pull requests, and all that belongs to them, into an empty store of the team's."""
    live.connection.execute("set threads = 2")
    live.connection.execute(DRAW)
    live.connection.execute(f"set variable seen_at = timestamp '2026-06-30'; set variable each = {EACH}")
    for first in range(0, size, BATCH):
        live.connection.execute(f"set variable first = {first}; set variable last = {min(first + BATCH, size)}")
        for told in (LIVES, PULL_REQUESTS, COMMITS, RUNS, DEPLOYMENTS, ISSUES):
            live.connection.execute(_bound(told))
    live.connection.execute(_bound(ONCE))
    live.connection.execute("drop table life; drop table ticket; checkpoint; set threads = 1")


def _bound(told: str) -> str:
    """Several statements at once take no parameters, but they read variables."""
    for name in ("seen_at", "each", "first", "last"):
        told = told.replace(f"${name}", f"getvariable('{name}')")
    return told
