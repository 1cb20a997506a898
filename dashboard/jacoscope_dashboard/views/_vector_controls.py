"""Which tangent or cotangent: a choice of its kind, and a field for its index, seed or numbers."""

from __future__ import annotations

from typing import Any

import panel as pn

from .. import _ui as ui
from .._experiment import Experiment
from .._fields import Field, choice
from .._reading import read_count
from .._vector_choice import (
    EDITABLE,
    KINDS,
    LARGEST_INDEX,
    choice_text,
    read_choice,
    read_values,
    values_text,
)

Vector = dict[str, Any]


class VectorControls:
    """The controls of one vector; they change the experiment and nothing else."""

    def __init__(self, experiment: Experiment, name: str) -> None:
        """Build them, for the experiment's `tangent` or `cotangent`."""
        self._experiment, self._name = experiment, name
        self._title = name.capitalize()
        self._count = 0  # unknown
        self._now: list[float] = []
        self.kind = choice(self._title, self._kinds(), get=self._kind, put=self._take_kind)
        self._fields: dict[str, Field] = {}
        self._field_box = pn.Column(styles={"flex": "1 1 130px", "min-width": "0"})
        kind_box = pn.Column(self.kind, styles={"flex": "1 1 130px", "min-width": "0"})
        self.panel = pn.Column(
            ui.side_by_side(kind_box, self._field_box, gap="10px"),
            styles={"flex": "1 1 280px", "min-width": "0"},
            min_height=58,
        )
        self.show()

    @property
    def field(self) -> ui.TextInput | None:
        """The field in sight; None for a vector that needs none."""
        return self._fields[self._kind()].widget if self._kind() in self._fields else None

    def fit(self, count: int, values: list[float]) -> None:
        """Take note of how many numbers there are, and which they are now."""
        self._count, self._now = count, values
        if self.kind.options != self._kinds():
            self.kind.param.update(options=self._kinds(), value=self._kind())

    def show(self) -> None:
        """Bring the widgets in line with the experiment."""
        kind = self._kind()
        self.kind.value = kind
        if kind != "ones" and kind not in self._fields:
            self._fields[kind] = self._new_field(kind)
        field = self._fields.get(kind)
        wanted: list[Any] = [field.widget] if field else []
        if list(self._field_box.objects) != wanted:
            self._field_box.objects = wanted
        if field:
            field.show()

    def _put(self, text: str) -> None:
        setattr(self._experiment, self._name, text)

    def _choice(self) -> dict[str, Any]:
        return read_choice(getattr(self._experiment, self._name))

    def _kind(self) -> str:
        return self._choice()["kind"]

    def _kinds(self) -> dict[str, str]:
        """Title → kind; numbers one by one only where there are few."""
        few = self._count <= EDITABLE or self._kind() == "values"
        return {title: kind for kind, title in KINDS.items() if few or kind != "values"}

    def _take_kind(self, kind: str) -> None:
        match kind:
            case "basis":
                self._put("basis:0")
            case "random":
                self._put("random:0")
            case "values":
                self._put(values_text(self._now or [1.0]))
            case _:
                self._put("ones")

    def _new_field(self, kind: str) -> Field:
        """A field for what a kind of vector needs."""
        title = self._title
        match kind:
            case "basis":
                return self._number(f"{title} index", "index")
            case "random":
                return self._number(f"{title} seed", "seed")
            case _:
                field = Field(
                    f"{title} values",
                    read=lambda text: values_text(read_values(text, self._count or None)),
                    get=lambda: values_text(self._choice().get("values", []), ", "),
                    put=self._put,
                )
                field.widget.max_length = 250
                return field

    def _number(self, label: str, name: str) -> Field:
        def read(text: str) -> int:
            last = self._count - 1 if name == "index" and self._count else LARGEST_INDEX
            return read_count(text, 0, last)

        def put(value: int) -> None:
            self._put(choice_text({**self._choice(), name: value}))

        return Field(label, read=read, get=lambda: self._choice().get(name), put=put)
