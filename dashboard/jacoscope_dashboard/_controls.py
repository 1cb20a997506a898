"""The drawer: widgets for an experiment, Run, Cancel, and how far the work is."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn

from jacoscope.problems import Knob, families

from . import _ui as ui
from ._comparison import Ran
from ._experiment import (
    ALL,
    BATCHINGS,
    LARGEST_COUNT,
    MODES,
    ORDERS,
    OWN,
    Experiment,
)
from ._fields import Field, choice
from ._history import History
from ._html import Html, progress_bar
from ._quantities import QUANTITIES
from ._reading import read_bytes, read_count, read_knob, read_seconds
from ._session import Session

ORDERED = ("hvp", "hessian")


class Controls:
    """Widgets tied to an experiment; they change it and nothing else."""

    def __init__(
        self,
        experiment: Experiment,
        session: Session,
        *,
        own: bool,
        why_no_own: str = "",
        run: Callable[[], None],
        bring_back: Callable[[Ran], None],
    ) -> None:
        """Build what is in sight; what is under *More* is built when it is first opened.

        Args:
            experiment: What the widgets change.
            session: Says which devices there are and how far the work is.
            own: Whether *Your function* is among the problems.
            why_no_own: Why it is not, in a sentence.
            run: What Run does.
            bring_back: Goes back to an earlier comparison.
        """
        self._experiment = experiment
        self._session = session
        self._fields: dict[str, Field | ui.Select] = {}
        self._knobs: dict[tuple[str, str], Field | ui.Select] = {}
        self._more_open = False

        self.problem = choice(
            "Problem",
            _gallery(own),
            get=lambda: experiment.problem,
            put=lambda value: setattr(experiment, "problem", value),
            grouped=True,
        )
        self.mode = self._choice("mode", "Mode", MODES)
        self.order = self._choice("order", "Order", ORDERS)
        self.batching = self._choice("batching", "Batching", BATCHINGS)
        self.device = choice(
            "Device",
            {"First one": None},
            get=lambda: experiment.device,
            put=self._put_device,
        )
        self.run = ui.Button(
            label="Run", variant="contained", sizing_mode="stretch_width", margin=0
        )
        self.cancel = ui.Button(
            label="Cancel", variant="outlined", sizing_mode="stretch_width", margin=(0, 0, 0, 10)
        )
        self.run.on_click(lambda _: run())
        self.cancel.on_click(lambda _: session.cancel())
        self.status = Html(margin=(12, 0, 4, 0))
        self._first = pn.Column(sizing_mode="stretch_width")
        self._rest = pn.Column(sizing_mode="stretch_width", margin=(4, 0, 0, 0))
        self.more = ui.Accordion(
            ("More", self._rest),
            active=[],
            elevation=0,
            disable_gutters=True,
            title_variant="body2",
            margin=(10, 0, 0, 0),
            sizing_mode="stretch_width",
            sx={
                "backgroundColor": "transparent",
                "backgroundImage": "none",
                "&::before": {"display": "none"},
                "& .MuiAccordionSummary-root": {"padding": 0},
                "& .MuiAccordionDetails-root": {"padding": "8px 0 0"},
            },
        )
        self.more.param.watch(self._opened, "active")
        self.drawer = pn.Column(
            self.problem,
            *([Html(_why(why_no_own), margin=(-6, 0, 14, 0))] if why_no_own else []),
            self._first,
            self.mode,
            self.order,
            self.batching,
            self.device,
            pn.Row(self.run, self.cancel, sizing_mode="stretch_width", margin=(2, 0, 0, 0)),
            self.status,
            self.more,
            History(session.comparison, bring_back).panel,
            margin=(20, 18),
            sizing_mode="stretch_width",
        )
        names = list(Experiment.WATCHED)
        experiment.param.watch(lambda *_: self._show(), names)
        session.param.watch(lambda *_: self._show_devices(), "devices")
        for picture in session.pictures:
            picture.param.watch(lambda *_: self._show_status(), ["state"])
        for comparison in session.comparisons:
            comparison.param.watch(
                lambda *_: self._show_status(),
                ["state", "progress", "sweep_state", "sweep_progress"],
            )
        self._show()
        self._show_devices()
        self._show_status()

    def _choice(self, name: str, label: str, options: dict[str, str]) -> ui.Select:
        experiment = self._experiment
        select = choice(
            label,
            {title: value for value, title in options.items()},
            get=lambda: getattr(experiment, name),
            put=lambda value: setattr(experiment, name, value),
        )
        self._fields[name] = select
        return select

    def _field(self, name: str, label: str, read: Callable[[str], Any], empty: str) -> Field:
        experiment = self._experiment
        field = Field(
            label,
            read=read,
            get=lambda: getattr(experiment, name),
            put=lambda value: setattr(experiment, name, value),
            empty=empty,
        )
        self._fields[name] = field
        return field

    def _knob(self, knob: Knob) -> Field | ui.Select:
        experiment = self._experiment
        key = (experiment.problem, knob.name)
        if key not in self._knobs:

            def get() -> Any:
                return experiment.resolved_knobs().get(knob.name, knob.default)

            def put(value: Any) -> None:
                experiment.set_knob(knob.name, value)

            if knob.choices:
                options = {word: word for word in knob.choices}
                self._knobs[key] = choice(knob.title, options, get=get, put=put)
            else:
                self._knobs[key] = Field(
                    knob.title, read=lambda text: read_knob(knob, text), get=get, put=put
                )
        return self._knobs[key]

    def _opened(self, event: Any) -> None:
        if event.new and not self._more_open:
            self._more_open = True
            self._choice("quantity", "Quantity", QUANTITIES)
            self._field("chunk_size", "Chunk size", _count, "Automatic")
            self._field("vectors", "Vectors", _count, "Automatic")
            self._field("memory_limit", "Memory limit", _size, "None, or as 2GB")
            self._field("time_limit", "Time limit", read_seconds, "")
            self.reset = ui.Button(label="Reset", variant="text", margin=0)
            self.reset.on_click(lambda _: self._experiment.reset())
            self._show()

    def _show(self) -> None:
        """Bring every widget in line with the experiment."""
        experiment = self._experiment
        knobs = list(experiment.family.knobs.values()) if experiment.family else []
        self.problem.value = experiment.problem
        _set(self._first, [_widget(self._knob(knob)) for knob in knobs[:1]])
        ordered = experiment.quantity in ORDERED
        self.mode.visible, self.order.visible = not ordered, ordered
        self._show_device()
        shown = [(self._fields[name], getattr(experiment, name)) for name in self._fields]
        if self._more_open:
            others = [_widget(self._knob(knob)) for knob in knobs[1:]]
            names = ("quantity", "chunk_size", "vectors", "memory_limit", "time_limit")
            _set(
                self._rest,
                [*others, *(_widget(self._fields[name]) for name in names), self.reset],
            )
            shown += [(self._knob(knob), self._value(knob)) for knob in knobs[1:]]
        shown += [(self._knob(knob), self._value(knob)) for knob in knobs[:1]]
        for control, value in shown:
            if isinstance(control, Field):
                control.show()
            else:
                control.value = value

    def _value(self, knob: Knob) -> Any:
        return self._experiment.resolved_knobs()[knob.name]

    def _put_device(self, name: str | None) -> None:
        devices = self._session.devices
        self._experiment.device = None if devices and name == devices[0] else name

    def _show_devices(self) -> None:
        names = list(self._session.devices)
        wanted = self._experiment.device
        if wanted and wanted not in (*names, ALL):
            names.append(wanted)
        if names:
            value = wanted or names[0]
            options = {name: name for name in names}
            if len(self._session.devices) > 1:
                options[f"All {len(self._session.devices)}"] = ALL
            self.device.param.update(options=options, value=value)

    def _show_device(self) -> None:
        devices = self._session.devices
        wanted = self._experiment.device
        if wanted and wanted not in self.device.options.values():
            self._show_devices()
        else:
            self.device.value = wanted or (devices[0] if devices else None)

    def _show_status(self) -> None:
        comparison = self._session.comparing
        self.run.disabled = comparison is not None
        self.cancel.disabled = not self._session.busy
        if comparison is None:
            self.status.write("")
        elif comparison.sweep_state == "busy":
            done, total = comparison.sweep_progress
            part = comparison.progress.percent / 100
            self.status.write(progress_bar(done + part, total, comparison.sweep_sentence()))
        else:
            progress = comparison.progress
            self.status.write(progress_bar(progress.done, progress.total, progress.sentence()))


def _why(sentence: str) -> str:
    about = f'<div class="quiet">{escape(sentence)}</div>'
    return f"<details><summary>Your own function</summary>{about}</details>"


def _gallery(own: bool) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {"Yours": {"Your function": OWN}} if own else {}
    for each in families():
        groups.setdefault(each.group, {})[each.title] = each.name
    return groups


def _count(text: str) -> int:
    return read_count(text, 1, LARGEST_COUNT)


def _size(text: str) -> str:
    read_bytes(text)
    return text


def _widget(control: Field | ui.Select) -> Any:
    return control.widget if isinstance(control, Field) else control


def _set(column: pn.Column, objects: list[Any]) -> None:
    if list(column.objects) != objects:
        column.objects = objects
