"""The tab *Jacobian*: what the matrix is, and how each mode builds it."""

from __future__ import annotations

import math
from html import escape
from typing import Any, Literal

import numpy as np
import panel as pn

from .. import _ui as ui
from .._html import Html, alert, matrix_table, progress_bar
from .._matrix import Matrix
from .._pace import Pace
from .._place import held
from ..figures import Filled, heatmap, summary_heatmap
from ..figures._units import three_digits
from ._figure import Figure
from ._tab import Front

_TABLE_SIDE = 16
_PLAY_S = 4.0
_UNNOTICED_S = 0.5
_BUTTONS = ["slower", "first", "previous", "play", "pause", "next", "last", "faster"]


class JacobianView(Front):
    """The matrix of a visit as a heatmap, with its counter, player, summary and values."""

    def __init__(
        self, matrix: Matrix, pace: Pace, *, active: bool = True, dark: bool = False
    ) -> None:
        """Build the tab's widgets once; `matrix` fills them, late ones in the turns of `pace`."""
        super().__init__(active=active)
        self._matrix = matrix
        self._dark = dark
        self._count = Html()
        self._summary = Html()
        self._status = Html(margin=(10, 0))
        self._values = Html(margin=(4, 0, 0, 0))
        self.log = ui.Switch(label="Log scale", value=False, margin=(6, 0))
        self.player = ui.Player(
            label="Pass",
            start=0,
            end=1,
            value=1,
            interval=300,
            loop_policy="loop",
            show_loop_controls=False,
            show_value=True,
            value_align="start",
            visible_buttons=_BUTTONS,
            sizing_mode="stretch_width",
            margin=(14, 0, 0, 0),
            sx={"& .MuiIconButton-root.MuiIconButton-colorDefault": {"color": "text.secondary"}},
        )
        self.player.visible = self.log.visible = False  # until there is something to play
        self._waiting = Html(waiting_html())
        self._drawn = pn.Column(visible=False, sizing_mode="stretch_width")
        self._frame = pn.Column(
            *(self._waiting, self._drawn),
            styles={"flex": "3 1 430px", "min-width": "0"},
            min_height=420,
        )
        self._heatmap = Figure("heatmap", self._draw, self._place, pace)
        self._settling = False
        side = pn.Column(
            self._count,
            self._summary,
            self._status,
            self.player,
            self.log,
            sizing_mode="stretch_width",
        )
        self.panel = pn.Column(
            ui.side_by_side(
                self._frame,
                pn.Column(side, styles={"flex": "1 1 270px", "min-width": "0"}),
                gap="20px",
            ),
            self._values,
            sizing_mode="stretch_width",
            margin=(14, 0),
        )
        self.player.param.watch(self._stepped, "value")
        self.log.param.watch(lambda *_: self._send(), "value")
        matrix.param.watch(self._arrived, ["state", "picture"])
        self._show_state()
        if matrix.picture is not None:
            self._show_picture()

    @property
    def filled(self) -> Filled | None:
        """How far the player is; None is the whole matrix."""
        picture = self._matrix.picture
        if picture is None or self.player.value >= self.player.end:
            return None
        if picture["coloring"] is not None:
            return colored_to(picture["coloring"], self.player.value)
        side, total = _side(picture)
        group = step_of(picture)
        stop = min(self.player.value * group, total)
        return Filled.to(side, max(stop - group, 0), stop)

    def _catch_up(self) -> None:
        self._show_picture()

    def set_dark(self, dark: bool) -> None:
        """Draw for a dark page, or for a light one."""
        self._dark = dark
        self._send()

    def _draw(self, data: Any) -> Any:
        picture, filled, log, dark = data
        return heatmap(picture, filled=filled, log=log, dark=dark)

    def _send(self) -> None:
        self._stale = not self._active
        if self._stale or self._matrix.picture is None:
            return
        self._heatmap.send((self._matrix.picture, self.filled, self.log.value, self._dark))

    def _place(self, figure: Any) -> None:
        self._drawn.objects = [pn.pane.HoloViews(figure, sizing_mode="stretch_width", margin=0)]
        self._show_parts()

    def _arrived(self, *events: Any) -> None:
        self._show_state()
        if any(event.name == "picture" for event in events):
            self._show_picture()

    def _show_picture(self) -> None:
        self._stale = not self._active
        picture = self._matrix.picture
        if self._stale or picture is None:
            return
        passes = passes_shown(picture)
        self._settling = True  # the player moves to the end: one drawing is enough
        with held():
            self.player.param.update(
                start=0,
                end=max(passes, 1),
                value=max(passes, 1),
                direction=0,
                disabled=passes < 2,
                interval=int(min(600, max(80, 1000 * _PLAY_S / max(passes, 1)))),
                step=max(1, math.ceil(passes / 200)),
                label=step_word(picture),
            )
            self._settling = False
            self._send()
            self._count.write(count_html(picture))
            self._summary.write(summary_html(picture))
            self._values.write(values_html(picture))

    def _stepped(self, event: Any) -> None:
        if self._settling:
            return
        if event.new >= self.player.end and self.player.direction > 0:
            self.player.direction = 0
        self._send()

    def _show_parts(self) -> None:
        """Have in sight what belongs to the matrix, or what stands in its place."""
        there = self._matrix.picture is not None
        for part in (self._count, self._summary, self._values):
            part.visible = there
        drawn = there and bool(self._drawn.objects)
        self._waiting.visible = not drawn
        for part in (self._drawn, self.player, self.log):
            part.visible = drawn

    def _show_state(self) -> None:
        matrix = self._matrix
        self._show_parts()
        match matrix.state:
            case "busy":
                self._waiting.write(waiting_html())
                if matrix.picture is None:
                    self._show_busy()
                else:  # most take less than that: a bar would only flicker
                    matrix.later(_UNNOTICED_S, self._show_busy)
            case "cancelled":
                self._status.write(alert(matrix.message, "quiet"))
                self._waiting.write(_box("Cancelled", "Any change of the settings starts anew."))
            case "failed":
                self._status.write("")
                self._waiting.write(_box("No matrix", "The message above says why."))
            case _:
                self._status.write("")

    def _show_busy(self) -> None:
        if self._matrix.state == "busy":
            self._status.write(progress_bar(0, 0, "Computing the matrix…"))


def colored_to(coloring: dict[str, Any], passes: int) -> Filled:
    """Return how far so many passes of a coloring get: JVPs first, then VJPs."""
    by_column = coloring["by_column"]
    if passes <= by_column:
        side, color, colors = "columns", passes - 1, coloring["columns"]
    else:
        side, color, colors = "rows", passes - 1 - by_column, coloring["rows"]
    lines = np.flatnonzero(np.asarray([] if colors is None else colors) == color)
    runs = np.split(lines, np.flatnonzero(np.diff(lines) > 1) + 1) if lines.size else []
    last = tuple((int(run[0]), int(run[-1]) + 1) for run in runs)
    return Filled(side, last, 0, np.asarray(coloring["groups"]) <= passes)


def passes_shown(picture: dict[str, Any]) -> int:
    """Return how many steps of the player build the matrix."""
    if picture["coloring"] is not None:
        return int(picture["coloring"]["passes"])
    return math.ceil(_side(picture)[1] / step_of(picture))


def step_of(picture: dict[str, Any]) -> int:
    """Return how many lines a step of the player fills: a chunk, or one.

    Where all passes run at once, the player takes them apart: one picture would show nothing.
    """
    group, total = picture["group"], _side(picture)[1]
    return group if 1 < group < total else 1


def step_word(picture: dict[str, Any]) -> str:
    """Return what one step of the player fills."""
    if picture["coloring"] is not None:
        return "Pass, one color a step"
    line = "column" if picture["mode"] == "forward" else "row"
    step = step_of(picture)
    return f"Pass, {step} {line}s a step" if step > 1 else f"Pass, one {line} a step"


def _side(picture: dict[str, Any]) -> tuple[Literal["columns", "rows"], int]:
    """The side that passes fill, and how many lines it has."""
    if picture["mode"] == "forward":
        return "columns", picture["n_in"]
    return "rows", picture["n_out"]


def count_html(picture: dict[str, Any]) -> str:
    """Return the passes each mode needs, as `4 VJPs against 3 JVPs`."""
    vjps, jvps = picture["passes_reverse"], picture["passes_forward"]
    words = f"{vjps:,} VJP{_s(vjps)} against {jvps:,} JVP{_s(jvps)}"
    return f'<p class="count">{words}</p><p class="quiet">{escape(_built(picture))}</p>'


def summary_html(picture: dict[str, Any]) -> str:
    """Return the matrix in one sentence."""
    return f'<p class="summary">{escape(summary_heatmap(picture))}</p>'


def _built(picture: dict[str, Any]) -> str:
    if picture["coloring"] is not None:
        many = picture["coloring"]["passes"]
        passes = f"{many:,} pass{'' if many == 1 else 'es'}"
        return f"Here {picture['strategy']}: {passes}, one a color."
    forward = picture["mode"] == "forward"
    line = "column" if forward else "row"
    step, total = step_of(picture), _side(picture)[1]
    if step > 1:
        how = f"{step} {line}s at a time"
    elif picture["group"] >= total > 1:
        how = f"all {line}s at once (the player takes them one by one)"
    else:
        how = f"one {line} at a time"
    return f"Here {picture['strategy']}: {how}."


def values_html(picture: dict[str, Any]) -> str:
    """Return the table of a small matrix, folded away; nothing for a large one."""
    values = picture["values"]
    rows, columns = values.shape
    if picture["reduced"] or max(rows, columns) > _TABLE_SIDE or not values.size:
        return ""
    table = matrix_table(
        picture["row_labels"],
        picture["column_labels"],
        [[three_digits(float(value)) for value in line] for line in values],
        f"{rows} outputs (rows) by {columns} inputs (columns)",
    )
    return f"<details><summary>Values</summary>{table}</details>"


def waiting_html() -> str:
    """Return what stands in the place of a matrix that has not come yet."""
    return _box("The matrix is on its way")


def _box(title: str, sentence: str = "") -> str:
    return f'<div class="empty"><h3>{escape(title)}</h3><p>{escape(sentence)}</p></div>'


def _s(count: int) -> str:
    return "" if count == 1 else "s"
