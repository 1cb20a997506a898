"""The work of one visit: its matrix, its comparisons, and the devices there are."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import param

from jacoscope.run import Job

from ._cache import Cache
from ._comparison import Comparison
from ._jobs import Hop, Outcome, Runner, Sent
from ._matrix import Matrix
from ._requests import Spec, advice_request, compare_request, matrix_request, sweep_requests

_ADVICE = Cache(200)
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
            own: The target of one's own function, as plain data.
        """
        super().__init__()
        self.matrix = Matrix(runner, hop)
        self.estimate = Matrix(runner, hop, _ADVICE)
        self.comparison = Comparison(runner, hop)
        self._own = own
        self._spec: Spec | None = None
        self.matrix.param.watch(lambda *_: self._advise(), "state")
        self._asked: Sent | None = None
        if runner in _DEVICES:
            self.devices = _DEVICES[runner]
        else:
            self._asked = Sent(
                runner, Job("devices"), hop, on_done=lambda outcome: self._listed(runner, outcome)
            )

    def show(self, spec: Spec) -> None:
        """Ask for the matrix of a spec, and once it is there for what is advised."""
        self._spec = spec
        self.matrix.show(*matrix_request(spec, self._own))
        self._advise()

    def run(self, spec: Spec) -> None:
        """Compare all strategies for a spec."""
        self.comparison.run(compare_request(spec, self._own))

    def sweep(self, spec: Spec) -> None:
        """Compare all strategies over the sizes of the problem's first knob."""
        self.comparison.sweep(sweep_requests(spec))

    def cancel(self) -> None:
        """Stop what the visitor waits for: the comparison, or else the matrix."""
        if self.comparison.busy:
            self.comparison.cancel()
        else:
            self.matrix.cancel()

    def close(self) -> None:
        """Stop everything; the visit is over."""
        if self._asked:
            self._asked.drop()
        self.matrix.close()
        self.estimate.close()
        self.comparison.close()

    def _advise(self) -> None:
        if self._spec is not None and self.matrix.state != "busy":
            self.estimate.show(*advice_request(self._spec, self._own))

    def _listed(self, runner: Runner, outcome: Outcome) -> None:
        self._asked = None
        if outcome.status == "ok":
            devices = [device["name"] for device in outcome.value["devices"]]
            self.devices = _DEVICES[runner] = devices
        else:
            self.notice = f"The devices could not be listed. {outcome.message}"
