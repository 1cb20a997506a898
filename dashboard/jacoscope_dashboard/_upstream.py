"""What Bokeh and Panel do anew at each event or visit though nothing has changed, done once.

Each holds up the server's event loop, and with it every visitor.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

from bokeh.document import Document
from bokeh.document.models import DocumentModelManager
from bokeh.model import Model
from panel.io.resources import Resources
from panel.io.state import state


class Models(DocumentModelManager):
    """The models of a document, which walks from its roots to all of them only after a change.

    Bokeh's own walks whenever a `freeze` ends, as each update of a HoloViews figure does.
    """

    def __init__(self, document: Document) -> None:
        """Begin with an empty document."""
        super().__init__(document)
        self._owner = ref(document)
        self._stale = False
        self._from: tuple[Model, ...] = ()

    def invalidate(self) -> None:
        """Note that a model refers to others than before. See Bokeh's."""
        self._stale = True
        super().invalidate()

    def recompute(self) -> None:
        """Walk, if there is something new to find. See Bokeh's."""
        document = self._owner()
        roots = () if document is None else tuple(document.roots)
        if self._stale or roots != self._from:
            self._stale, self._from = False, roots
            super().recompute()

    def destroy(self) -> None:
        """Let go of all models. See Bokeh's."""
        super().destroy()
        self._from = ()


def walk_less(document: Document) -> None:
    """Give an empty document models of this kind."""
    if not document.roots:
        document.models = Models(document)


def look_up_resources_once() -> None:
    """Have Panel keep which files its components need; call it once a process.

    For each page it asks every component class that was ever imported, whose answers come from the
    file system.
    """
    ask: Any = Resources.extra_resources
    known: dict[tuple[Any, ...], list[str]] = {}

    def extra_resources(self: Resources, resources: list[str], resource_type: str) -> None:
        used = state._extensions  # of this page
        classes = len(Model.model_class_reverse_map)  # each component brings a class of models
        extensions = None if used is None else tuple(used)
        key = (resource_type, self.mode, state.rel_path, classes, extensions)
        if key not in known:
            known[key] = []
            ask(self, known[key], resource_type)
        resources += [each for each in known[key] if each not in resources]

    Resources.extra_resources = extra_resources
