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
from .._link import fragment_of, read_fragment
from .._own import LARGEST_FILE, LARGEST_SOURCE, Own, fingerprint, typed
from .._place import served
from .._reading import read_shape
from .._upload import FileInput

if TYPE_CHECKING:
    from .._explorer import Explorer

_HERE, _KEPT = "What is in the editor", "What was in the editor"
_SHOWN = "<p class='quiet' role='status'>The page is about this code.</p>"
_CHANGED = "<p role='status'>You have changed it: the page is about the code as it was.</p>"
_CAME = {
    "link": "This code came with the link, and has not run. Read it first.",
    "file": "This code came from the file, and has not run. Read it first.",
    "draft": "This is what the editor held when you were last here. It has not run since.",
}
_UNTIL = " Until you choose Use it, the page is about {}."
_POINT = ("shape", "dtype", "arrays")
_NO_TEXT = "The file is no Python that can be read: it is not in UTF-8."


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
        self._came = ("", "")  # whence, and what
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

    def show(self, given: dict[str, Any], whence: str) -> None:
        """Put code that nobody typed here into the editor; it is not run.

        Args:
            given: Its `source`, and the `shape` and `dtype` of its point, as they are typed.
            whence: `link`, `file` or `draft`.
        """
        self._keep()
        self._came = whence, given["source"]
        self.own.param.update(**{"arrays": None, **given})
        self._say()

    def _recall(self, draft: str) -> None:
        """Take what a browser has kept, as soon as all is loaded: it may be quicker than that."""
        self._explorer.hop(lambda: self._show_draft(draft))

    def _show_draft(self, draft: str) -> None:
        """Show what a browser has kept, or have it within reach where something else came."""
        try:
            given = read_fragment(draft)
        except ValueError:
            return
        if given["source"] in EXAMPLES.values():
            return
        if self.own.source in EXAMPLES.values() and not self._name:
            self.show(given, "draft")
        elif given["source"] != self.own.source:
            self._kept = given["source"]
            self._typed()

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
            self.own.param.update(**typed(target))
            self._taken = target
        self._say()

    def _build(self) -> None:
        self._built = True
        own = self.own
        self.code = CodeArea(
            self.use,
            self._recall,
            label="Code of your function",
            source=own.source,
            keeps=served() is not None,
        )
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
        self.file = FileInput(
            self._refuse_file,
            LARGEST_FILE,
            label="From a file",
            accept=".npz,.npy,.py",
            variant="outlined",
            margin=(0, 0, 14, 0),
        )
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
        own = {_HERE: self.own.source, _KEPT: self._kept}
        if self._kept == self.own.source:
            del own[_KEPT]
        known = ["", *EXAMPLES.values()]
        return {**EXAMPLES, **{name: each for name, each in own.items() if each not in known}}

    def _begin(self, source: str) -> None:
        """Take an example, and keep what was typed within reach.

        Only an example runs at once: what was in the editor may have come with a link.
        """
        self._keep()
        self.own.param.update(source=source, shape="", arrays=None)
        if source in EXAMPLES.values():
            self.use()

    def _keep(self) -> None:
        if self.own.source not in EXAMPLES.values():
            self._kept = self.own.source

    def _read(self, content: bytes | None) -> None:
        if content and (self.file.filename or "").endswith(".py"):
            self._read_code(content)
        elif content and len(content) > LARGEST_FILE:
            self._refuse_file()
        else:
            self.own.arrays = content or None

    def _refuse_file(self) -> None:
        said = f"The file may have {LARGEST_FILE / 1e6:g} MB at most. Make `x` in the code."
        self._said.write(alert(said))

    def _read_code(self, content: bytes) -> None:
        try:
            source = content.decode()
        except UnicodeDecodeError:
            self._said.write(alert(_NO_TEXT))
            return
        if len(source) > LARGEST_SOURCE:
            said = f"The file may have {LARGEST_SOURCE:,} characters of code at most."
            self._said.write(alert(said))
            return
        point = self.own.param.values()
        self.show({"source": source} | {each: point[each] for each in _POINT}, "file")

    def _typed(self) -> None:
        self.shape.show()
        self.dtype.value = self.own.dtype
        self.example.param.update(options=self._examples(), value=self.own.source)
        if self.code.keeps:
            self.code.draft = fragment_of(self.own.param.values())
        self._say()

    def _say(self) -> None:
        if not self._built:
            return
        try:
            changed = self.own.target() != self._taken
        except ValueError:
            changed = True
        whence, came = self._came
        said = _SHOWN
        if changed and came and came == self.own.source:
            said = alert(_CAME[whence] + _UNTIL.format(_named(self._taken["source"])), "notice")
        elif changed:
            said = _CHANGED
        file = "" if self.own.arrays is None else "<p class='quiet'>x comes from the file.</p>"
        self._said.write(said + file)


def _named(source: str) -> str:
    """Return what a page that is about this code is about."""
    for name, example in EXAMPLES.items():
        if example == source:
            return f"the example “{name}”"
    return "the code as it was"
