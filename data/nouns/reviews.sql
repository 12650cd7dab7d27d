-- Pull requests as told ----------------------------------------------------------------------------------------------------

create table scratch.pull_body as
select own(source, coalesce(parent, id)) as id, source, parent, scope as repo, unnest(from_json(body, '{
    "number": "BIGINT", "title": "VARCHAR", "why": "VARCHAR", "url": "VARCHAR", "state": "VARCHAR", "isDraft": "BOOLEAN",
    "createdAt": "TIMESTAMPTZ", "updatedAt": "TIMESTAMPTZ", "mergedAt": "TIMESTAMPTZ", "closedAt": "TIMESTAMPTZ",
    "additions": "BIGINT", "deletions": "BIGINT", "changedFiles": "BIGINT",
    "baseRefName": "VARCHAR", "headRefName": "VARCHAR", "isCrossRepository": "BOOLEAN",
    "author": {"__typename": "VARCHAR", "login": "VARCHAR"}, "mergeCommit": {"oid": "VARCHAR"},
    "closingIssuesReferences": {"nodes": [{"number": "BIGINT", "repository": {"nameWithOwner": "VARCHAR"}}]},
    "timelineItems": {"nodes": [{
        "__typename": "VARCHAR", "id": "VARCHAR", "fullDatabaseId": "BIGINT", "state": "VARCHAR",
        "createdAt": "TIMESTAMPTZ", "submittedAt": "TIMESTAMPTZ", "author": {"__typename": "VARCHAR", "login": "VARCHAR"},
        "commit": {
            "oid": "VARCHAR", "authoredDate": "TIMESTAMPTZ", "committedDate": "TIMESTAMPTZ",
            "author": {"user": {"login": "VARCHAR"}}
        }
    }]},
    "files": {"nodes": [{"path": "VARCHAR", "additions": "BIGINT", "deletions": "BIGINT"}]}
}'))
from with_parts('live.raw.github_pull_requests', 'live.raw.github_pull_request_parts');

-- What is told once is kept apart from the lists, which take most of the room and are read early on.
create table scratch.pull as
select * exclude (parent, timelineItems, files, closingIssuesReferences), utc(createdAt) as opened_at, utc(mergedAt) as merged_at
from pull_body
where parent is null;

create table scratch.closing as
select id, item.repository.nameWithOwner || '#' || item.number as key
from (select id, unnest(closingIssuesReferences.nodes) as item from pull_body);

create temp view timeline as
select id as pull_request_id, source, unnest(timelineItems.nodes) as item from pull_body;

create table scratch.turned as
select pull_request_id as id, item.__typename as what, utc(item.createdAt) as happened_at
from timeline
where item.__typename in ('ReadyForReviewEvent', 'ConvertToDraftEvent', 'HeadRefForcePushedEvent');


-- Commits ------------------------------------------------------------------------------------------------------------------

create table scratch.commit_body as
select
    item.commit.oid as sha,
    pull_request_id,
    min(utc(item.commit.authoredDate)) as authored_at,
    min(utc(item.commit.committedDate)) as committed_at,
    min(item.commit.author.user.login) as login,
from timeline
where item.commit.oid is not null
group by all;

create table commits as select sha, pull_request_id, authored_at, committed_at from commit_body;


-- Reviews ------------------------------------------------------------------------------------------------------------------

create table scratch.review as
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
create table scratch.people as
select login, person(login) as hash, fits(login, 'rule_bots') or coalesce(bool_or("is" = 'Bot'), false) as bot
from (
    select told.login, told.is from review
    union all
    select author.login, author.__typename from pull
    union all
    select distinct login, null from commit_body
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
    p.repo,
from review r
join pull p on p.id = r.pull_request_id
left join people x on x.login = r.told.login
order by submitted_at, r.id, pull_request_id;
