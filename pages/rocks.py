"""Big rocks: when each is likely to be finished beside its plan, what if, what happened, and how such forecasts have done."""

from datetime import date, timedelta

import pandas as pd
import streamlit as st

from data.entry import Entry
from data.journal import Journal
from metrics import plan
from metrics.forecast import FEWEST
from metrics.plan import SPRINTS, Finish, Forecast, Rock
from metrics.words import amount, capital, day, full_day, series, two_figures
from pages import pencil, rock_grid, rock_picture, safe, what_if
from pages.pencil import Pencilled

PAST = 6  # sprints back that what happened is told for
NONE = "No big rock is pencilled yet. A rock is a piece of work that takes sprints; its size is a range of items."
NOBODY = "Nobody is in the grid yet, so the team is taken as whole. Type who is there below, under 'Who is there'."


def draw(kept: Journal) -> None:
    """Draw the rocks over the next six sprints, and what can be asked of them."""
    st.page_link("memory.py", label="New big rock", query_params={"write": "rock"})
    its = pencil.read(kept)
    if its.rocks:
        _forecast(kept, its)
    else:
        safe.text(NONE)
    with st.expander("Who is there", expanded=not its.grid):
        rock_grid.capacity(kept, its)
    if not its.rocks:
        return
    with st.expander("The rocks as they are pencilled"):
        rock_grid.rocks(kept, its)
    _happened(kept, its)


def _forecast(kept: Journal, its: Pencilled) -> None:
    """Draw the forecast, with what is tried out as a second layer over it, and how forecasts have done."""
    told = its.forecast()
    if not told.finishes:
        safe.text(
            f"Not enough yet: {amount(told.weeks, 'week')} in which something of an epic was finished, and a forecast takes"
            f" {FEWEST}."
        )
        return
    top = st.container()
    with st.expander("What if", expanded=_asked()):
        change = what_if.drawer(its)
        other = its.forecast(plan.what_if(its.plan, change)) if change else None
        if other:
            for line in plan.differences(told, other):
                safe.text(line, "strong")
            what_if.keep(kept, its, change, plan.differences(told, other))
    with top:
        _picture(its, told, other, what_if.name(kept, its, change) if change else "")
    _table(
        its,
        "the rocks",
        _list(told, other),
        _columns(other),
        alt="Big rocks, their forecast and their plan",
        wide="rests",
    )
    _table(
        its,
        "capacity",
        _capacity(its, told),
        {"sprint": "Sprint", "there": "Person-weeks", "items": "Items to expect", "light": "Light"},
        alt="Capacity by sprint",
    )
    safe.text(" ".join(dict.fromkeys(one.words for one in its.records())), "note")
    what_if.scenarios(kept, its)


def _table(  # noqa: PLR0913  all that a table is told
    its: Pencilled, of: str, frame: pd.DataFrame, columns: dict[str, str], *, alt: str, wide: str | None = None
) -> None:
    """Draw a table and, under it, the same as a file."""
    safe.table(frame, columns, alt=alt, wide=wide)
    shown = frame[list(columns)].rename(columns=columns)
    st.download_button(
        f"CSV of {of}",
        lambda: safe.csv(shown),
        safe.file_name("plan", of, its.calendar.first, ending="csv"),
        "text/csv",
        type="tertiary",
        on_click="ignore",
    )


def _picture(its: Pencilled, told: Forecast, other: Forecast | None, name: str) -> None:
    safe.text(plan.summary(told, its.plan.sprints), "lead")
    for gap in (other or told).uncovered:
        safe.text(plan.uncovered(gap), "strong")
    if not its.grid:
        safe.text(NOBODY)
    st.plotly_chart(
        rock_picture.draw(told, its.calendar, its.light, other, name),
        theme=None,
        key="rocks-picture",
        config={"displayModeBar": False},
        alt="; ".join(f"{one.rock.title}: {plan.reach(one)}" for one in told.finishes),
    )
    safe.text(_made_of(its, told), "note")


def _made_of(its: Pencilled, told: Forecast) -> str:
    """Return what the forecast is made of, in a line."""
    kept = "nothing is kept for exploration" if its.agreed is None else f"{its.agreed:g} % is kept for exploration"
    if its.agreed and its.plan.explored:
        kept += f", and {100 * its.plan.explored:.0f} % of those weeks' items were"
    elif its.agreed:
        kept += ", and none of those weeks' items is known to have been"
    return (
        f"Made of the last {amount(told.weeks, 'week')} of finished items of epics · {kept} ·"
        f" {plan.person_weeks(its.plan)} are there · from as likely as not to 85 % sure"
    )


def _columns(other: Forecast | None) -> dict[str, str]:
    layer = {"other": "What if"} if other else {}
    return {
        "rock": "Big rock",
        "left": "Items left",
        "planned": "Plan",
        "reach": "Forecast",
        **layer,
        "apart": "Beside its plan",
        "rests": "What it rests on",
    }


def _list(told: Forecast, other: Forecast | None) -> pd.DataFrame:
    """Return the rocks in words, in their order."""
    theirs = {one.rock.id: one for one in (other.finishes if other else ())}
    return pd.DataFrame(
        [
            {
                "rock": one.rock.title,
                "left": _left(one.rock),
                "planned": _planned(one.rock),
                "reach": capital(plan.reach(one)),
                "other": capital(plan.reach(theirs[one.rock.id])) if one.rock.id in theirs else "Left out",
                "apart": _apart(one),
                "rests": _rests(one.rock, told),
            }
            for one in told.finishes
        ]
    )


def _left(rock: Rock) -> str:
    low, likely, high = (max(0, size - rock.done) for size in rock.size)
    return f"{likely:.0f}" if low == high else f"{likely:.0f} ({low:.0f} to {high:.0f})"


def _planned(rock: Rock) -> str:
    if rock.planned is None:
        return "Not planned"
    if rock.planned < 1:
        return "Before now"
    return f"Sprint {rock.planned}" if rock.planned <= SPRINTS else "Later"


def _apart(one: Finish) -> str:
    """Return by how many sprints a rock is expected beside its plan, as likely as not."""
    if one.rock.planned is None:
        return ""
    sprints = plan.deviation(one)
    if sprints is None:
        return "Later than these sprints" if one.rock.planned <= SPRINTS else "As planned, or later"
    if not sprints:
        return "As planned"
    return capital(f"{amount(abs(sprints), 'sprint')} {'later' if sprints > 0 else 'earlier'}")


def _rests(rock: Rock, told: Forecast) -> str:
    """Return what is said of the parts a rock needs, and never of who knows them."""
    held = {gap.part: gap.sprints for gap in told.uncovered}
    alone, unsaid = ({part for part, _ in those} for those in (told.alone, told.unsaid))
    said = [
        f"nobody who knows {part} is there in sprint {series([str(nth) for nth in held[part]])}"
        for part in rock.needs
        if part in held
    ]
    if one := [part for part in rock.needs if part in alone and part not in held]:
        said.append(f"one person knows {series(one)}, as far as was said")
    if none := [part for part in rock.needs if part in unsaid]:
        said.append(f"who knows {series(none)} was not said yet")
    return capital("; ".join(said))


def _capacity(its: Pencilled, told: Forecast) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "sprint": f"{nth} · {day(its.calendar.day(nth))}",
                "there": f"{two_figures(there)} of {two_figures(whole)}",
                "items": f"{sure} at least, 85 % sure; {half} as likely as not",
                "light": its.light.get(nth, ""),
            }
            for nth, ((there, whole), (sure, half)) in enumerate(zip(its.plan.person_weeks, told.items, strict=True), 1)
        ]
    )


# What happened ---------------------------------------------------------------------------------------------------------------


def _happened(kept: Journal, its: Pencilled) -> None:
    """Draw plan and what happened, sprint by sprint from Jira, and the reasons that were written down."""
    st.subheader("Plan and what happened", anchor=False)
    rows = [row for entry, rock in its.rocks if (row := _row(its, entry, rock))]
    if rows:
        days = [one for nth in range(1 - PAST, 2) if any(row[f"{(one := its.calendar.day(nth))}"] for row in rows)]
        _table(
            its,
            "what happened",
            pd.DataFrame(rows),
            {"rock": "Big rock", **{f"{one}": day(one) for one in days}},
            alt="Items of each rock finished in each sprint, and in brackets what an even pace to its planned end would have been",
        )
        safe.text(
            "Items finished in the sprints that began on these days, as Jira tells them; in brackets what an even pace from the"
            " day the size was written down to the planned end would have been. The last sprint is running.",
            "note",
        )
    else:
        safe.text("No rock names an epic and a planned end yet, so nothing can be held against Jira.", "note")
    with st.popover("Say why a rock differs", type="tertiary"):
        for entry, rock in its.rocks:
            asked = {"write": "deviation", "rock": entry.id, "sprint": f"{its.calendar.first}"}
            with st.container(horizontal=True, vertical_alignment="center"):
                st.page_link("memory.py", label="Say why", query_params=asked, width=72)
                safe.text(rock.title)
    if reasons := kept.entries("deviation"):
        safe.text("Reasons that were written down", "strong")
        titles = {entry.id: rock.title for entry, rock in its.rocks}
        safe.links([(_reason(one, titles), safe.entry(one.id)) for one in reasons[:12]])


def _row(its: Pencilled, entry: Entry, rock: Rock) -> dict[str, str] | None:
    body, calendar = entry.answers, its.calendar
    begins, ends = pencil.begun(its, entry), pencil.planned(body)
    if not body.get("epics") or ends is None:
        return None
    done = its.done[its.done["rock"] == entry.id]
    on = pd.to_datetime(done["day"]).dt.date
    told = {"rock": rock.title}
    for nth in range(1 - PAST, 2):
        starts, until = calendar.day(nth), calendar.day(nth + 1)
        if until <= begins:
            told[f"{starts}"] = ""
            continue
        items = int(done[(on >= max(starts, begins)) & (on < until)]["items"].sum())
        even = [
            plan.even_pace(rock.size[1], begins, ends, by - timedelta(days=1)) for by in (max(starts, begins), until)
        ]
        told[f"{starts}"] = f"{items} ({even[1] - even[0]:.0f})"
    return told


def _reason(entry: Entry, titles: dict[str, str]) -> str:
    body = entry.answers
    of = titles.get(str(body.get("rock")))
    when = f"{full_day(date.fromisoformat(body['sprint']))}: " if body.get("sprint") else ""
    return f"{when}{f'{of}, ' if of else ''}{body.get('what')}: {body.get('why')}"


def _asked() -> bool:
    """Tell if the link asks what if."""
    return any(name.startswith(what_if.OURS) for name in st.query_params)
