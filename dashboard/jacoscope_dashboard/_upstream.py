"""What Bokeh and Panel do anew at each event or visit though nothing has changed, done once.

Each holds up the server's event loop, and with it every visitor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import ref

from bokeh.core.has_props import HasProps
from bokeh.document import Document
from bokeh.document.models import DocumentModelManager
from bokeh.model import Model, util
from panel.io.resources import Resources
from panel.io.state import state
from panel.theme import Design

_PLAIN = (type(None), str, int, float, bool)


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


def skip_defaults() -> None:
    """Have walks over models leave out properties that hold a default; call it once a process.

    Such a default belongs to the class, so it refers to no model, and Bokeh works it out anew each
    time. A default that is made for each model, and so may be one, is visited as ever.
    """
    visit = util.visit_value_and_its_immediate_references

    def visit_immediate_value_references(value: Any, visitor: Callable[[Model], None]) -> None:
        if not isinstance(value, HasProps):
            visit(value, visitor)
            return
        given, themed = value._property_values, value.themed_values() or ()
        made = {} if themed else value._unstable_default_values
        for name, is_made in _referring(type(value)):
            if name in given:
                held = given[name]
            elif name in made:
                held = made[name]
            elif is_made or name in themed:
                held = getattr(value, name)
            else:
                continue
            if type(held) not in _PLAIN and not (isinstance(held, list | dict) and not held):
                visit(held, visitor)

    util.visit_immediate_value_references = visit_immediate_value_references


@cache
def _referring(kind: type[HasProps]) -> list[tuple[str, bool]]:
    """Name the properties that may refer to models; say of each if its default is made anew."""
    found = []
    for name in kind.properties_with_refs():
        descriptor: Any = kind.lookup(name)
        found.append((name, descriptor.has_unstable_default(kind)))
    return found


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


def look_up_styles_once(design: type[Design]) -> None:
    """Have a design keep the styles of each class of components; call it once a process.

    For each component of a page it goes through the base classes of its class, and asks the file
    system where the style sheet of its theme is.
    """
    ask: Any = design.__dict__["_get_modifiers"].__func__
    known: dict[tuple[Any, ...], tuple[dict[str, Any], dict[Any, Any]]] = {}

    def _get_modifiers(
        cls: type[Design], viewable: Any, theme: Any, isolated: bool | None = None
    ) -> tuple[dict[str, Any], dict[Any, Any]]:
        document = state.curdoc
        served = document is not None and document.session_context is not None
        kind = theme if isinstance(theme, type) else type(theme)
        key = (cls, type(viewable), kind, isolated, served, state.rel_path)
        if key not in known:
            known[key] = ask(cls, viewable, theme, isolated)
        own, of_children = known[key]
        return dict(own), dict(of_children)

    kept: Any = classmethod(_get_modifiers)
    design._get_modifiers = kept
