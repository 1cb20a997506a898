"""The work of one visit: its matrix, its comparisons, and the devices there are."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import param

from jacoscope import Study
from jacoscope.run import DaskRunner, Job

from ._cache import Cache
from ._comparison import Comparison
from ._experiment import OWN
from ._jobs import Hop, Outcome, Owned, Runner, Sent
from ._lessons import Lesson
from ._matrix import Matrix
from ._products import Products
from ._requests import (
    Spec,
    advice_request,
    against_request,
    compare_request,
    inside_request,
    lesson_requests,
    many_requests,
    matrix_request,
    products_request,
    structure_request,
    sweep_requests,
)
from ._scaling import depth_requests, map_requests, problem_requests, range_requests

_ADVICE = Cache(200)
_STRUCTURES, _INSIDES, _PAIRS = Cache(24), Cache(24), Cache(24)
ADVICE_DELAY_S = 1.0
SWEEPS = {"range": "size", "depth": "size", "map": "pair", "problems": "problem"}
_DEVICES: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()


class Session(param.Parameterized):
    """Runs specs through a runner. Holds no widget; every param changes on the page's thread."""

    devices = param.List(default=[], doc="Names of the devices, as `cpu:0`; empty until known.")
    notice = param.String(default="", doc="A sentence about the runner itself.")

    def __init__(self, runner: Runner, hop: Hop, own: Any = None) -> None:
        """Start asking for the devices.

        Args:
            runner: Where jobs go.
            hop: The way to the page's thread.
            own: The target of one's own function, as plain data; None where there is none yet.
        """
        super().__init__()
        shared, runner = runner, Owned(runner)
        self.elsewhere = isinstance(shared, DaskRunner)
        self.matrix = Matrix(runner, hop)
        self.structure = Matrix(runner, hop, _STRUCTURES, "the structure was there")
        self.products = Products(runner, hop)
        self.orders = Products(runner, hop)
        self.inside = Matrix(runner, hop, _INSIDES, "the function was traced")
        self.against = Matrix(runner, hop, _PAIRS, "both studies were compared")
        self.estimate = Matrix(runner, hop, _ADVICE)
        self.comparison = Comparison(runner, hop)
        self.measured = {name: Comparison(runner, hop) for name in ("hvp", "jmp", "mjp")}
        self.scaling = {name: Comparison(runner, hop, of) for name, of in SWEEPS.items()}
        self.lesson = Comparison(runner, hop)
        self._owns = {"": own}
        self._spec: Spec | None = None
        self._closed = False
        self.matrix.param.watch(lambda *_: self._advise_soon(), "state")
        self._asked: Sent | None = None
        if shared in _DEVICES:
            self.devices = _DEVICES[shared]
        else:
            self._asked = Sent(
                runner, Job("devices"), hop, on_done=lambda outcome: self._listed(shared, outcome)
            )

    def take(self, name: str, target: Any) -> None:
        """Take the target of one's own function, by the name that a spec has for it."""
        self._owns[name] = target

    def target(self, spec: Spec) -> Any:
        """Return the target of a spec's function, where it is one's own; None elsewhere."""
        return self._own(spec) if spec["problem"] == OWN else None

    def _own(self, spec: Spec) -> Any:
        return self._owns.get(spec["own"])

    def show(self, spec: Spec) -> None:
        """Ask for the matrix of a spec, and once it is there and drawn for what is advised."""
        self._spec = spec
        self.matrix.show(*matrix_request(spec, self._own(spec)))
        self._advise_soon()

    def run(self, spec: Spec) -> None:
        """Compare all strategies for a spec."""
        self.comparison.run(compare_request(spec, self._own(spec)))

    def sweep(self, spec: Spec) -> None:
        """Compare all strategies over the sizes of the problem's first knob."""
        self.comparison.sweep(sweep_requests(spec))

    def show_structure(self, spec: Spec) -> None:
        """Ask for the pattern, the colors and the singular values of a spec's derivative."""
        self.structure.show(*structure_request(spec, self._own(spec)))

    def show_products(self, spec: Spec) -> None:
        """Ask for what the spec's tangent and cotangent become."""
        self.products.show(*products_request(spec, self._own(spec)))

    def show_orders(self, spec: Spec) -> None:
        """Ask for the Hessian times the spec's tangent, by all its orders."""
        self.orders.show(*products_request(spec, self._own(spec), "orders"))

    def show_inside(self, spec: Spec) -> None:
        """Ask for what is inside of the spec's function."""
        self.inside.show(*inside_request(spec, self._own(spec)))

    def hold_against(self, here: Study, there: Study | bytes) -> None:
        """Ask for what moved from another study, or the content of its file, to this one."""
        self.against.show(*against_request(here, there))

    def measure_orders(self, spec: Spec) -> None:
        """Compare the orders of a Hessian-vector product."""
        one = {**spec, "quantity": "hvp", "vectors": 1}
        self.measured["hvp"].run(compare_request(one, self._own(spec)))

    def measure_many(self, spec: Spec, quantity: str) -> None:
        """Compare the ways to apply many vectors, over how many: `jmp` or `mjp`."""
        self.measured[quantity].sweep(many_requests(spec, quantity, self._own(spec)))

    def sweep_range(self, spec: Spec) -> None:
        """Compare over the sizes of what grows."""
        requests = range_requests(spec, self._own(spec), self.devices)
        self.scaling["range"].sweep(requests)

    def sweep_depth(self, spec: Spec) -> None:
        """Measure single passes over depth."""
        self.scaling["depth"].sweep(depth_requests(spec))

    def sweep_map(self, spec: Spec) -> None:
        """Measure which mode is faster at each pair of two sizes."""
        self.scaling["map"].sweep(map_requests(spec))

    def sweep_problems(self, spec: Spec) -> None:
        """Measure which way is the fastest for each problem of the gallery."""
        self.scaling["problems"].sweep(problem_requests(spec))

    def try_lesson(self, lesson: Lesson) -> None:
        """Measure what a lesson is judged by."""
        self.lesson.sweep(lesson_requests(lesson))

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Everything that is measured in this visit."""
        return (self.comparison, *self.measured.values(), *self.scaling.values(), self.lesson)

    @property
    def comparing(self) -> Comparison | None:
        """The comparison that is under way."""
        return next((each for each in self.comparisons if each.busy), None)

    @property
    def pictures(self) -> tuple[Matrix, ...]:
        """Everything that is drawn in this visit."""
        return (
            *(self.matrix, self.structure, self.products),
            *(self.orders, self.inside, self.against),
        )

    @property
    def busy(self) -> bool:
        """Whether the visitor waits for something."""
        return self.comparing is not None or any(each.state == "busy" for each in self.pictures)

    def cancel(self) -> None:
        """Stop what the visitor waits for: the comparison, or else what is being drawn."""
        if self.comparing is not None:
            self.comparing.cancel()
        else:
            for each in self.pictures:
                each.cancel()

    def close(self) -> None:
        """Stop everything; the visit is over."""
        self._closed = True
        if self._asked:
            self._asked.drop()
        for each in (*self.pictures, self.estimate, *self.comparisons):
            each.close()

    def _advise_soon(self) -> None:
        """Ask for advice a moment later: meanwhile the matrix is drawn with all there is."""
        spec = self._spec

        def advise() -> None:
            if spec is not None and spec is self._spec and not self._closed:
                self.estimate.show(*advice_request(spec, self._own(spec)))

        if self.matrix.state != "busy":
            self.matrix.later(ADVICE_DELAY_S, advise)

    def _listed(self, runner: Runner, outcome: Outcome) -> None:
        self._asked = None
        if outcome.status == "ok":
            devices = [device["name"] for device in outcome.value["devices"]]
            self.devices = _DEVICES[runner] = devices
        else:
            self.notice = f"The devices could not be listed. {outcome.message}"
