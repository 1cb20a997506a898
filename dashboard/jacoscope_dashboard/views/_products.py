"""The tab *Products*: what JVP and VJP do to a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from .. import _ui as ui
from .._experiment import RADII
from .._fields import choice
from .._html import Html
from .._product_board import ProductBoard, colors_of
from .._vector_choice import choice_text, read_choice, values_text
from ..figures import product_board
from ._many import ManyVectors
from ._orders import Orders
from ._product_words import inner_html, notes_html, plane_html, values_html, words_html
from ._tab import Tab, Waiting
from ._vector_controls import VectorControls

if TYPE_CHECKING:
    from .._explorer import Explorer


class ProductsView(Tab):
    """Tangent and cotangent, what becomes of them, and what many of them cost."""

    def __init__(self, explorer: Explorer) -> None:
        """Build the tab, when it is first opened."""
        super().__init__(explorer, "products")
        self._products = explorer.session.products
        self._live: dict[str, str] = {}  # what a hand holds just now, not yet in the experiment
        self.controls = {
            name: VectorControls(explorer.experiment, name) for name in ("tangent", "cotangent")
        }
        self.radius = choice(
            "Radius of the dotted circle",
            {f"{radius:g}": radius for radius in RADII},
            get=lambda: explorer.experiment.radius,
            put=lambda value: setattr(explorer.experiment, "radius", value),
        )
        self.many = ManyVectors(explorer)
        self.board = ProductBoard()
        self.board.param.watch(self._edited, "edit")
        self.orders = Orders(explorer)
        self.waiting = Waiting(
            self._products,
            coming="The vectors are on their way",
            failed="No vectors.",
            none="No vectors",
            busy="Computing the products…",
        )
        self._radius_box = pn.Column(self.radius, width=230, visible=False, margin=(12, 0, 0, 0))
        self._words = Html(margin=(10, 0, 0, 0))
        self._plane = Html(margin=(2, 0, 0, 0))
        self._values = Html(margin=(8, 0, 0, 0))
        self._inner = Html(margin=(22, 0, 0, 0))
        self.waiting.content.objects = [
            self.board,
            self._radius_box,
            self._words,
            self._plane,
            self._values,
            self._inner,
        ]
        controls = [each.panel for each in self.controls.values()]
        # Whole from the start: a browser that is still building what holds a Material component
        # can't take one more into it.
        self.panel = pn.Column(
            self.waiting.status,
            ui.side_by_side(*controls, gap="0 84px"),
            self.waiting.place,
            self.waiting.content,
            self.orders.panel,
            self.many.panel,
            sizing_mode="stretch_width",
            margin=(14, 0),
        )
        self._products.param.watch(lambda *_: self._ask("state", self._show_state), "state")
        self._products.param.watch(lambda *_: self._arrived(), "picture")
        self._follow_settings()
        self.refresh()

    @property
    def active(self) -> bool:
        """Whether the tab is in front, and with it what stands on it."""
        return self._active

    @active.setter
    def active(self, active: bool) -> None:
        self.orders.active = self.many.active = active
        Tab.active.__set__(self, active)

    def set_dark(self) -> None:
        """Draw for a dark page, or for a light one."""
        self.board.colors = colors_of(self._explorer.dark)
        self.orders.set_dark()
        self.many.refresh()

    def _refresh(self) -> None:
        self._live.clear()
        self._request()
        for name, controls in self.controls.items():
            self._ask(name, controls.show)
        self._arrived()
        self.many.refresh()

    def _spec(self) -> dict[str, Any]:
        return {**self._explorer.settings(), **self._live}

    def _request(self) -> None:
        self._explorer.session.show_products(self._spec())

    def _edited(self, event: Any) -> None:
        """Take a vector from the hand: shown at once, and in the settings when it lets go."""
        name, text = _read_edit(event.new)
        if not name:
            return
        if event.new.get("done"):
            self._live.clear()
            if getattr(self._explorer.experiment, name) != text:
                setattr(self._explorer.experiment, name, text)
                return
        else:
            self._live[name] = text
        self._request()

    def _arrived(self) -> None:
        self._ask("state", self._show_state)
        self._ask("vectors", self._show_vectors)
        self._ask("words", self._show_words)
        self._ask("orders", self._ask_orders)

    def _show_state(self) -> None:
        value = self._products.picture
        self.waiting.show("" if value is None else notes_html(value))

    def _show_vectors(self) -> None:
        value = self._products.picture
        if value is None:
            return
        self.board.param.update(picture=product_board(value), colors=colors_of(self._explorer.dark))
        for name, length in ("tangent", "n_in"), ("cotangent", "n_out"):
            numbers = [float(each) for each in value[name]["values"]]
            self.controls[name].fit(value[length], numbers)

    def _show_words(self) -> None:
        value = self._products.picture
        if value is None:
            return
        self._words.write(words_html(value))
        self._plane.write(plane_html(value))
        plane = value["plane"]
        self.radius.value = self._explorer.experiment.radius
        self._radius_box.visible = plane is not None and plane["curve"] is not None
        self._values.write(values_html(value))
        self._inner.write(inner_html(value))

    def _ask_orders(self) -> None:
        value = self._products.picture
        self.orders.offer(self._spec() if value is not None and value["scalar"] else None)


def _read_edit(edit: dict[str, Any]) -> tuple[str, str]:
    """Which vector was edited and its choice; nothing where a browser sent something else."""
    name, values = edit.get("which"), edit.get("values")
    if name not in ("tangent", "cotangent") or not isinstance(values, list):
        return "", ""
    try:
        return name, choice_text(read_choice(values_text(values)))
    except (TypeError, ValueError):
        return "", ""
