"""A runner for tests of the page: answers at once what is drawn, leaves comparisons open."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from threading import Event
from typing import Any

import numpy as np

from jacoscope import Advice, Measurement, Study
from jacoscope.run import Job, Outcome
from jacoscope.run._inline import run_job
from jacoscope_dashboard import Explorer
from tests.dashboard.figures_data import picture, structure
from tests.dashboard.inside_data import inside
from tests.dashboard.product_data import orders, products

ADVICE = Advice("reverse/chunked/8", 8, "By estimate it is best.", "forward", agrees=False)
DEVICES = ("cpu:0", "cpu:1")


@dataclass
class FakeHandle:
    """A job that ends when `finish` or `cancel` is called."""

    job: Job
    on_event: Callable[[dict[str, Any]], None] | None
    cancelled: bool = False
    outcome: Outcome | None = None
    _ended: Event = field(default_factory=Event)

    def emit(self, **event: Any) -> None:
        if self.on_event is not None:
            self.on_event(event)

    def finish(self, outcome: Outcome) -> None:
        if self.outcome is None:
            self.outcome = outcome
            self._ended.set()

    def cancel(self) -> None:
        self.cancelled = True
        self.finish(Outcome("cancelled", "Cancelled."))

    def done(self) -> bool:
        return self._ended.is_set()

    def result(self, timeout: float | None = None) -> Outcome:
        if not self._ended.wait(timeout):
            raise TimeoutError
        assert self.outcome is not None
        return self.outcome


class FakeRunner:
    """Keeps what was submitted; `hold` names the kinds that stay open."""

    def __init__(self, hold: tuple[str, ...] = ("compare",)) -> None:
        self.hold = hold
        self.handles: list[FakeHandle] = []

    def submit(
        self, job: Job, on_event: Callable[[dict[str, Any]], None] | None = None
    ) -> FakeHandle:
        handle = FakeHandle(job, on_event)
        self.handles.append(handle)
        if job.kind not in self.hold:
            handle.finish(answer(job))
        return handle

    def of(self, kind: str) -> list[FakeHandle]:
        return [handle for handle in self.handles if handle.job.kind == kind]

    def last(self, kind: str) -> FakeHandle:
        return self.of(kind)[-1]


def answer(job: Job) -> Outcome:
    """What a worker would say to a job for devices, advice, a small matrix, or its products."""
    if job.kind == "devices":
        listed = [{"name": name, "platform": "cpu", "kind": "cpu"} for name in DEVICES]
        return Outcome("ok", value={"devices": listed})
    if job.kind == "advise":
        return Outcome("ok", value={"advice": asdict(ADVICE)})
    if job.kind == "inside":
        return Outcome("ok", value=inside(job.options["policy"]))
    if job.kind == "structure":
        return Outcome("ok", value=structure())
    if job.kind == "against":
        return run_job(job, lambda _: None)
    knobs = job.target.get("knobs", {})
    shape = (int(knobs.get("batch", 2)), int(knobs.get("features", 5)))
    if job.kind == "products":
        if job.target.get("name") in ("plane_map", "tanh_sum"):
            shape = (2, 2) if job.target["name"] == "plane_map" else (1, 4)
        matrix = np.arange(np.prod(shape), dtype=float).reshape(shape) + 1
        value = orders(matrix) if job.options["part"] == "orders" else products(matrix, job.options)
        return Outcome("ok", value=value)
    mode = "reverse" if job.options["mode"] == "reverse" else "forward"
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return Outcome("ok", value=picture(values, mode=mode, strategy=f"{mode}/vmap"))


PREDICTED = "predicted by XLA; peak unknown: too small to be told from the rest of the process"


def rows(**changes: Any) -> list[Measurement]:
    """Three rows of a comparison: a winner, a slower way, and one that can't work."""
    common: dict[str, Any] = {"quantity": "jacobian", "n_in": 3, "n_out": 4, **changes}
    return [
        Measurement(
            strategy="forward/vmap", mode="forward", median_s=1e-3, q25_s=9e-4, q75_s=1.2e-3,
            low_s=9.5e-4, high_s=1.1e-3, tie=False, samples=25, trace_s=0.01, lower_s=0.01,
            compile_s=0.05, argument_bytes=12, output_bytes=48, temp_bytes=100,
            predicted_bytes=160, passes=3, error=1e-7, memory_source=PREDICTED, **common,
        ),
        Measurement(
            strategy="reverse/vmap", mode="reverse", median_s=3e-3, q25_s=2.9e-3, q75_s=3.2e-3,
            low_s=2.9e-3, high_s=3.1e-3, tie=False, samples=25, trace_s=0.01, lower_s=0.01,
            compile_s=0.02, argument_bytes=12, output_bytes=48, temp_bytes=200,
            predicted_bytes=260, passes=4, error=1e-7, **common,
        ),
        Measurement(
            strategy="reverse/loop", mode="reverse", status="unsupported",
            message="Reverse mode can't go through <b>while_loop</b>.", passes=4, **common,
        ),
    ]  # fmt: skip


def study(empty_call_s: float = 1e-6, **changes: Any) -> Study:
    """A study of `rows`; a large `empty_call_s` makes it too small to tell."""
    return Study(rows=tuple(rows(**changes)), title="Test", empty_call_s=empty_call_s)


def finished(found: Study) -> Outcome:
    """The outcome of a comparison that brought `found`."""
    return Outcome("ok", value={"study": found.to_plain()})


class Pump:
    """A page's thread: this one, whenever it waits."""

    def __init__(self) -> None:
        self._works: deque[Callable[[], None]] = deque()

    def hop(self, work: Callable[[], None]) -> None:
        self._works.append(work)

    def until(self, condition: Callable[[], object], timeout_s: float = 5.0) -> None:
        """Work until the condition holds; fail after `timeout_s`."""
        end = time.monotonic() + timeout_s
        while self._works or not condition():
            if self._works:
                self._works.popleft()()
                continue
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.002)


def text(explorer: Explorer) -> str:
    """Everything that HTML panes in front say."""
    panes: list[Any] = explorer.body.select(
        lambda each: type(each).__name__ == "Html" and each.visible
    )
    return " ".join(str(pane.object) for pane in panes)


def run(explorer: Explorer, page: Pump, runner: FakeRunner, found: Study) -> None:
    """Press Run and have the comparison bring that study."""
    explorer.controls.run.clicks += 1
    runner.last("compare").finish(finished(found))
    page.until(lambda: explorer.study is not None)


def in_front(explorer: Explorer, page: Pump) -> Any:
    """The Compare tab, once it is drawn."""
    page.until(lambda: "compare" in explorer.later)
    return explorer.later["compare"]
