"""The screen's door: the pages begin in pages/menu.py, under a strict content policy."""

import streamlit as st

from pages.policy import POLICY
from pages.warm import warm

app = st.App("pages/menu.py", middleware=[POLICY], lifespan=warm)
