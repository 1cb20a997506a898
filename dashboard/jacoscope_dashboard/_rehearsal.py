"""A page that is built before the first visitor comes, for nobody.

What is done for the first time in a process takes several times longer than ever after: classes
are made, templates are read. Without this the first visitor waits for it, and whoever opens a tab
first holds up everyone else.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from threading import get_ident
from typing import Any

import numpy as np
import panel as pn
from bokeh.document import Document

from jacoscope import Measurement, Study
from jacoscope.run import Job, Outcome

from ._explorer import TABS, Explorer
from ._jobs import Event
from ._page import page
from ._preview import preview
from .figures import heatmap


class Nobody:
    """A runner that cancels every job."""

    def submit(self, job: Job, on_event: Callable[[Event], None] | None = None) -> _Cancelled:
        """Return a job that has been cancelled."""
        del job, on_event
        return _Cancelled()


class _Cancelled:
    def cancel(self) -> None:
        pass

    def result(self, timeout: float | None = None) -> Outcome:
        del timeout
        return Outcome("cancelled", "Cancelled.")


def rehearse() -> None:
    """Build the page with each of its tabs and figures, and forget it."""
    here = get_ident()

    def hop(work: Callable[[], None]) -> None:
        if get_ident() == here:  # a page is built on one thread: what jobs bring is left out
            work()

    explorer = Explorer(runner=Nobody(), hop=hop)
    made = page(explorer)
    explorer.session.matrix.param.update(state="ok", picture=_PICTURE)
    made.get_root(Document())
    preview(explorer)
    study = Study(_ROWS)
    explorer.session.comparison.param.update(
        state="ok", rows=list(_ROWS), study=study, spec=explorer.settings()
    )
    for tab in TABS:
        explorer.tab = tab
    explorer.close()
    gc.collect()
    gc.freeze()  # what is there now stays: no later collection walks it


def rehearse_drawing() -> None:
    """Draw a matrix for nobody: the first one of a process takes a third of a second."""
    pn.pane.HoloViews(heatmap(_PICTURE)).get_root(Document())


_PICTURE: dict[str, Any] = {
    "values": np.ones((2, 2), np.float32),
    "n_out": 2,
    "n_in": 2,
    "reduced": False,
    "row_labels": ["y[0]", "y[1]"],
    "column_labels": ["x[0]", "x[1]"],
    "row_blocks": [["y", 0, 2]],
    "column_blocks": [["x", 0, 2]],
    "x_path": "inputs, x",
    "y_path": "outputs, f(x)",
    "mode": "forward",
    "strategy": "forward/vmap",
    "group": 1,
    "coloring": None,
    "passes_forward": 2,
    "passes_reverse": 2,
    "max_abs": 1.0,
    "nan_count": 0,
    "inf_count": 0,
    "closed_form_error": None,
    "pytree": False,
}
_SECONDS = (
    *("trace_s", "lower_s", "compile_s"),
    *("median_s", "low_s", "high_s", "q25_s", "q75_s"),
)
_BYTES = ("argument_bytes", "output_bytes", "temp_bytes", "residual_bytes", "predicted_bytes")
_ROWS = tuple(
    Measurement("jacobian", f"{mode}/vmap", mode=mode, batching="vmap", samples=5).but(
        **dict.fromkeys(_SECONDS, 0.01), **dict.fromkeys(_BYTES, 64)
    )
    for mode in ("forward", "reverse")
)
