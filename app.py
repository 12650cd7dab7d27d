"""The screen's door: the pages begin in pages/menu.py, behind the guard and under a strict content policy."""

import streamlit as st

from pages.fault import in_words
from pages.guard import guarded
from pages.healthz import healthz
from pages.policy import POLICY
from pages.warm import warm

app = st.App(
    "pages/menu.py", routes=[healthz()], middleware=[POLICY, guarded()], lifespan=warm, on_script_error=in_words
)
