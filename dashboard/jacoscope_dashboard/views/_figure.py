"""A HoloViews figure fed by a stream of data, its first drawing taken apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import holoviews as hv
import panel as pn
from holoviews.streams import Pipe

from .._pace import Pace
from .._place import served
from ..figures import frames_later


class Figure:
    """A figure that is drawn for each `send`, first in three turns of the page's thread.

    HoloViews builds a plot in one, our frame is laid on it in another, and Panel makes a pane of
    it in the third. In a notebook, where a pane may be shown more than once and each needs a plot
    of its own, Panel does it all.
    """

    def __init__(
        self, name: str, draw: Callable[[Any], Any], place: Callable[[Any], None], pace: Pace
    ) -> None:
        """Take what draws the data.

        Args:
            name: Of the pieces of work, as `pace` knows them.
            draw: Returns the HoloViews element for the data.
            place: Called once, with the object that a HoloViews pane shows.
            pace: In which the first drawing is done.
        """
        self._name, self._draw, self._place, self._pace = name, draw, place, pace
        self._pipe = Pipe(data=None)
        self._sent = 0

    def send(self, data: Any) -> None:
        """Draw this."""
        self._pipe.send(data)
        self._sent += 1
        if self._sent > 1:
            return
        figure = hv.DynamicMap(self._draw, streams=[self._pipe])
        document = served()
        if document is None or not pn.state.loaded:
            self._place(figure)  # in one go with the page, which no browser has built yet
        else:
            self._pace.ask(f"{self._name}: plot", partial(self._build, figure, document))

    def _build(self, figure: Any, document: Any) -> None:
        renderer = hv.renderer("bokeh").instance(mode="server", theme=document.theme)
        with frames_later() as frames:
            plot = renderer.get_plot(figure, doc=document, root=document.roots[0])
        self._pace.ask(f"{self._name}: frame", partial(self._lay, plot, frames, self._sent))

    def _lay(self, plot: Any, frames: list[Callable[[], None]], sent: int) -> None:
        if self._sent == sent:  # else a newer frame is on it already
            for lay in frames:
                lay()
        self._pace.ask(f"{self._name}: pane", partial(self._place, plot))
