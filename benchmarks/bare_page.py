"""The yardstick of page_speed.py: panel-material-ui's page around one image that never changes.

Serve it with `panel serve benchmarks/bare_page.py`.
"""

import holoviews as hv
import numpy as np
import panel as pn
import panel_material_ui as pmui

pn.extension()
hv.extension("bokeh")

values = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
image = hv.Image(values, bounds=(-0.5, -0.5, 2.5, 3.5)).opts(
    cmap="RdBu_r", clim=(-2.5, 2.5), responsive=True, min_height=400
)
pmui.Page(title="Bare page", main=[pn.pane.HoloViews(image)]).servable()
