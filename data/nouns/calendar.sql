-- Working time -------------------------------------------------------------------------------------------------------------

-- The days the team works, by [calendar]: weekends and holidays are absent. Hours are kept as instants, so that summer time
-- and midnight are no question any more. `before` is the working time, in seconds, of all days before this one.
create table workdays as
with open as (
    select
        day,
        utc(timezone(getvariable('zone'), day + to_seconds(getvariable('opens') * 3600))) as opens,
        utc(timezone(getvariable('zone'), day + to_seconds(getvariable('closes') * 3600))) as closes,
    from range(getvariable('days_since'), getvariable('days_until'), interval 1 day) as every(day)
    where list_contains(getvariable('workdays'), isodow(day))
        and day::date not in (select day from listed_days_off)
)
select
    day::date as day,
    opens,
    closes,
    coalesce(sum(epoch(closes - opens)) over (order by day rows between unbounded preceding and 1 preceding), 0)::bigint
        as before,
from open
where closes > opens
order by day;

create table days_off as from listed_days_off order by day, what;
create table special_days as from listed_special order by since, what;

-- Working seconds between two instants, for millions of them: `asof left join workdays on opens <= t` finds the last workday
-- that had opened by then, and worked(t, before, opens, closes) is the working time since the beginning of the calendar. The
-- time between two instants is the difference of two of these.
create or replace temp macro worked(t, before, opens, closes) as
    coalesce(before + epoch(least(t, closes) - opens), 0)::bigint;
