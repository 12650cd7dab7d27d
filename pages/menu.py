"""The list of pages, in the order a week uses them, and what is said on every one: whose data it is and how fresh."""

from pathlib import Path

import streamlit as st

import data
from pages import frame, login, notices, past, safe, who_looked

CAIRN = Path(__file__).with_name("cairn.svg")

st.set_page_config(page_title="Cairn", page_icon=CAIRN, layout="wide")
st.logo(CAIRN, size="large")
safe.look()

who = login.person()
if isinstance(who, str):  # the guard lets nobody come this far; where it was got round, nothing is here either
    safe.text(who or "Log in to look at what your team does and how it goes.", "lead")
    st.button("Log in", on_click=st.login)
    st.stop()

page = st.navigation(
    [
        st.Page("this_week.py", title="This week", default=True),
        st.Page("prepare.py", title="Demo"),
        st.Page("hour.py", title="Strategy hour"),
        st.Page("outcomes.py", title="Outcomes"),
        st.Page("flow.py", title="Flow & quality"),
        st.Page("knowledge.py", title="Knowledge"),
        st.Page("plan.py", title="Plan"),
        st.Page("memory.py", title="Memory"),
        st.Page("experiments.py", title="Experiments"),
        st.Page("pulse.py", title="Pulse"),
        st.Page("explore.py", title="Drill"),
        st.Page("health.py", title="Health"),
        st.Page("setup.py", title="Setup"),
        st.Page("demo.py", title="Demo screen", visibility="hidden"),
        st.Page("look_back.py", title="Look back", visibility="hidden"),
        st.Page("one_to_one.py", title="One to one", visibility="hidden"),
        st.Page("brief.py", title="Cover brief", visibility="hidden"),
        st.Page("item.py", title="One piece of work", visibility="hidden"),
        st.Page("console.py", title="Ask in SQL", visibility="hidden"),
    ],
    position="top",
)
try:
    who_looked.note(who, page.title)
    frame.follow(page.url_path)
    if page.url_path == "demo":  # it hangs on walls: nothing around it, and it says itself what is the matter
        page.run()
        st.stop()
    beside = frame.beside_menu()
    if data.edition() is None:
        with beside:
            frame.tools(None)
        if page.title == "Setup":
            st.title(page.title, anchor=False)
            page.run()
        else:
            notices.never_collected()
    else:
        above = st.container()
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
            st.title(page.title, anchor=False, width="content")
            frame.pickers(page.url_path)
        with past.shown() as edition:
            with beside:
                frame.tools(edition)
            with above:
                notices.above(edition)
            page.run()
            notices.freshness(edition)
except data.CairnError as error:
    for line in str(error).splitlines():
        safe.text(line)
