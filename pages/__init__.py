"""What people see: `menu.py` is the list, `parts.py` says what a chart on a page is, the other pages are the pages."""
