"""The page, for `panel serve dashboard/app.py`."""

from jacoscope_dashboard import explore

explore().servable()
