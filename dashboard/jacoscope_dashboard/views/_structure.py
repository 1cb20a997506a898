"""Below the matrix: where it may be other than zero, its colors, and its singular values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import panel as pn

from .. import _ui as ui
from .._html import Html, alert
from .._pace import Pace
from ..figures import (
    format_count,
    groups,
    heatmap,
    singular_values,
    summary_groups,
    summary_singular_values,
)
from ._plot import Plot, grid
from ._tab import Tab, Waiting

if TYPE_CHECKING:
    from .._explorer import Explorer

_KEY = ("key",)
_WRITTEN = 8  # a figure of half the width has less room for numbers
_PRODUCTS = {"columns": "JVP", "rows": "VJP"}


class StructureView(Tab):
    """A switch, and while it is on, the structure of the matrix above it."""

    def __init__(self, explorer: Explorer) -> None:
        """Build the switch; the rest is built when it is first on."""
        super().__init__(explorer, "structure")
        self._structure = explorer.session.structure
        self._built = False
        self.switch = ui.Switch(label="Structure", value=self._shown, margin=(10, 0, 0, 0))
        self._box = pn.Column(visible=False, sizing_mode="stretch_width", margin=(10, 0, 0, 0))
        self.panel = pn.Column(self.switch, self._box, sizing_mode="stretch_width")
        self.switch.param.watch(self._switched, "value")
        self._follow_settings()
        self.refresh()

    def set_dark(self) -> None:
        """Draw for a dark page, or for a light one."""
        if self._built:
            self._ask("plots", self._show_plots)

    @property
    def _shown(self) -> bool:
        return self._explorer.experiment.structure == "shown"

    def _switched(self, event: Any) -> None:
        self._explorer.experiment.structure = "shown" if event.new else "hidden"

    def _refresh(self) -> None:
        self.switch.value = self._box.visible = self._shown
        if self._shown:
            if not self._built:
                self._build()
            self._explorer.session.show_structure(self._explorer.settings())
            self._arrived()

    def _build(self) -> None:
        self._built = True
        pace = self._explorer.pace
        self.waiting = Waiting(
            self._structure,
            coming="The structure is on its way",
            failed="No structure.",
            none="No structure",
            busy="Looking for the pattern and its colors…",
        )
        self._said = Html(margin=(0, 0, 10, 0))
        self._groups = _plot("Pattern and colors", groups, summary_groups, pace)
        self._compressed = {
            side: _plot(
                f"Compressed by {side}",
                partial(heatmap, written=_WRITTEN),
                itemgetter("sentence"),
                pace,
            )
            for side in _PRODUCTS
        }
        self._singular = _plot("Singular values", singular_values, summary_singular_values, pace)
        self.waiting.content.objects = [
            self._said,
            grid(self._groups, *self._compressed.values(), self._singular),
        ]
        rest = [self.waiting.status, self.waiting.place, self.waiting.content]
        pace.lay("structure: parts", self._box, rest, 2)
        self._structure.param.watch(lambda *_: self._arrived(), ["state", "picture"])

    def _arrived(self) -> None:
        if self._shown:
            self._ask("state", self._show_state)
            self._ask("plots", self._show_plots)

    def _show_state(self) -> None:
        self.waiting.show()
        picture = self._structure.picture
        if picture is not None:
            reasons = {"No colors.": picture["why_not_colored"]}
            reasons["No singular values."] = picture["why_not_singular"]
            said = [alert(why, "notice", title) for title, why in reasons.items() if why]
            self._said.write("".join(said))

    def _show_plots(self) -> None:
        picture = self._structure.picture
        if picture is None:
            return
        row, dark = {"key": self._structure.key, **picture}, self._explorer.dark
        colored = picture["colored"]
        self._groups.show([row] if colored else [], dark)
        for side, plot in self._compressed.items():
            there = compressed_picture(row, side) if colored else None
            plot.show([there] if there else [], dark)
        self._singular.show([row] if picture["singular"] else [], dark)


def _plot(
    title: str, draw: Callable[..., Any], say: Callable[[dict[str, Any]], str], pace: Pace
) -> Plot:
    """Return a plot of one structure, which is all that its rows are."""
    return Plot(
        title, lambda rows, dark: draw(rows[0], dark=dark), lambda rows: say(rows[0]), _KEY, pace
    )


def compressed_picture(structure: dict[str, Any], side: str) -> dict[str, Any] | None:
    """Return what the passes of one side give, as `heatmap` takes a matrix; None without any.

    Args:
        structure: What a `structure` job brings, colored.
        side: `columns`, which JVPs compress, or `rows`.
    """
    found = next((e for e in structure["colored"]["compressed"] if e["side"] == side), None)
    if found is None or not found["values"].size:
        return None
    (n_out, n_in), word = found["shape"], "HVP" if structure["symmetric"] else _PRODUCTS[side]
    before = structure["colored"]["by_column"] if side == "rows" else 0
    count = n_in if side == "columns" else n_out
    full = structure["n_in"] if side == "columns" else structure["n_out"]
    down, across = found["values"].shape
    passes = [f"{word} {before + i + 1}" for i in range(across if side == "columns" else down)]
    rows = structure["row_labels"] if side == "columns" else passes
    columns = passes if side == "columns" else structure["column_labels"]
    blocks = {
        "row_blocks": structure["row_blocks"] if side == "columns" else [],
        "column_blocks": structure["column_blocks"] if side == "rows" else [],
    }
    return {
        "key": f"{structure['key']} {side}",
        "values": found["values"],
        "n_out": n_out,
        "n_in": n_in,
        "row_labels": rows,
        "column_labels": columns,
        **blocks,
        "x_path": f"inputs, a color a {word}" if side == "columns" else structure["x_path"],
        "y_path": structure["y_path"] if side == "columns" else f"outputs, a color a {word}",
        "sentence": (
            f"{format_count(full)} {side} in {format_count(count)} {word}"
            f"{'' if count == 1 else 's'}: each is the sum of those of one color, in which no two"
            " have an entry in the same place."
        ),
    }
