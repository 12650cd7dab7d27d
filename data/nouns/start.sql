-- What happened, as tables of nouns: raw JSON in, typed rows out, the team's rules applied on the way.
--
-- Each statement runs once, as soon as what it reads is there (data/making.py), on an edition that was empty. The collector's
-- store is attached as `live`; data/rules.py has made the rules ready.
-- Each body is read once, by one from_json that names what is wanted: an unknown field is passed over, a missing one or one of
-- another type is null. A null stays null; the few guesses made here are said where they are made. Times are zone-less UTC.
-- What stands in `scratch` holds logins and ends with the building. The nouns hold a keyed hash of a person at most.

-- Where few rows are expected, an asof join compares all with all; but few are expected wherever nothing is known of them.
set asof_loop_join_threshold = 0;

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

-- Two Jira sites may both have an issue 10001: the first site keeps its ids, those of a second one carry its name. Where a GitHub
-- and a Jira have one address between them, what is second as the one is not the first as the other.
set variable githubs = (
    select list(distinct source) from (
        select source from live.raw.github_pull_requests union all select source from live.raw.github_deployments
        union all select source from live.raw.github_issues union all select source from live.raw.github_runs
    )
);
set variable first_github = list_min(getvariable('githubs'));
set variable first_jira = (
    select min(source) from live.raw.jira_issues
    where source = getvariable('first_github') or not coalesce(list_contains(getvariable('githubs'), source), false)
);
create or replace temp macro own(source, id) as
    if(source in (getvariable('first_github'), getvariable('first_jira')), id, source || ' ' || id);
