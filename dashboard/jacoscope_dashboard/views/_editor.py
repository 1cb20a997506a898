"""*Your function*: the code, where its point comes from, and what is wrong with either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from .. import _ui as ui
from .._code_area import CodeArea
from .._examples import EXAMPLES
from .._experiment import OWN
from .._fields import Field, choice
from .._html import Html, alert
from .._own import LARGEST_FILE, Own, fingerprint
from .._reading import read_shape

if TYPE_CHECKING:
    from .._explorer import Explorer

_KEPT = "What you typed"
_SHOWN = "<p class='quiet' role='status'>The page is about this code.</p>"
_CHANGED = "<p role='status'>You have changed it: the page is about the code as it was.</p>"


class EditorView:
    """The editor of one's own function; nothing that is typed runs before *Use it*."""

    def __init__(self, explorer: Explorer) -> None:
        """Build it, hidden where the page is about a problem of the gallery."""
        self._explorer = explorer
        self.own = Own()
        self._name = ""
        self._taken = self.own.target()
        explorer.session.take("", self._taken)
        self._kept = ""
        self.panel = pn.Column(sizing_mode="stretch_width", margin=(0, 0, 14, 0), visible=False)
        self._built = False
        explorer.experiment.param.watch(lambda *_: self._follow(), ["problem", "own"])
        self._follow()

    def use(self) -> None:
        """Have the page be about what is typed."""
        try:
            target = self.own.target()
        except ValueError as error:
            self._said.write(alert(str(error)))
            return
        self._taken = target
        self._explorer.session.take(fingerprint(target), target)
        self._explorer.experiment.own = fingerprint(target)
        self._say()

    def _follow(self) -> None:
        experiment = self._explorer.experiment
        here = experiment.problem == OWN
        if here and not self._built:
            self._build()
        if here and experiment.own != self._name:  # a comparison of before was brought back
            self._name = experiment.own
            self._bring_back(self._explorer.session.target(experiment.spec()))
        self.panel.visible = here

    def _bring_back(self, target: dict[str, Any]) -> None:
        """Show a target's own code and point, unless they are what is typed."""
        if target != self._taken:
            shape = target["shape"]
            self.own.param.update(
                source=target["source"],
                shape="" if shape is None else "x".join(map(str, shape)) or "scalar",
                dtype=target["dtype"],
                arrays=target["arrays"],
            )
            self._taken = target
        self._say()

    def _build(self) -> None:
        self._built = True
        own = self.own
        self.code = CodeArea(self.use, label="Code of your function", source=own.source)
        self.code.link(own, bidirectional=True, source="source")
        self.example = choice(
            "Begin with", self._examples(), get=lambda: own.source, put=self._begin
        )
        self.shape = Field(
            "Shape of x",
            read=lambda text: text if read_shape(text) is not None else "",
            get=lambda: own.shape or None,
            put=lambda text: setattr(own, "shape", text or ""),
            empty="As in the code, or 128x32",
        )
        self.dtype = choice(
            "Numbers of x",
            {name: name for name in own.param.dtype.objects},
            get=lambda: own.dtype,
            put=lambda name: setattr(own, "dtype", name),
        )
        self.file = ui.FileInput(label="x from .npz", accept=".npz", variant="outlined", margin=0)
        self.file.param.watch(lambda event: self._read(event.new), "value")
        self.button = ui.Button(label="Use it", variant="contained", margin=0)
        self.button.on_click(lambda _: self.use())
        self._said = Html(margin=(8, 0, 0, 0), styles={"flex": "1 1 260px"})
        fields = [self.example, self.shape.widget, self.dtype]
        for each in fields:
            each.styles = {"flex": "1 1 160px"}
        self.panel.objects = [
            ui.side_by_side(*fields, self.file, gap="0 14px"),
            self.code,
            ui.side_by_side(self.button, self._said, gap="4px 16px"),
        ]
        own.param.watch(lambda *_: self._typed(), ["source", "shape", "dtype", "arrays"])
        self._say()

    def _examples(self) -> dict[str, str]:
        return {**EXAMPLES, **({_KEPT: self._kept} if self._kept else {})}

    def _begin(self, source: str) -> None:
        """Take an example, and keep what was typed within reach."""
        if self.own.source not in EXAMPLES.values():
            self._kept = self.own.source
        self.own.param.update(source=source, shape="", arrays=None)
        self.use()

    def _read(self, content: bytes | None) -> None:
        if content and len(content) > LARGEST_FILE:
            said = f"The file may have {LARGEST_FILE / 1e6:g} MB at most. Make `x` in the code."
            self._said.write(alert(said))
            return
        self.own.arrays = content or None

    def _typed(self) -> None:
        self.shape.show()
        self.dtype.value = self.own.dtype
        shown = self._examples()
        if self.own.source not in shown.values():
            shown = {**shown, _KEPT: self.own.source}
        self.example.param.update(options=shown, value=self.own.source)
        self._say()

    def _say(self) -> None:
        if not self._built:
            return
        try:
            changed = self.own.target() != self._taken
        except ValueError:
            changed = True
        file = "" if self.own.arrays is None else "<p class='quiet'>x comes from the file.</p>"
        self._said.write((_CHANGED if changed else _SHOWN) + file)
