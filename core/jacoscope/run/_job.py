"""A job and its outcome, as plain data; what a runner is."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

Probe = Literal["devices", "matrix", "structure", "products", "inside", "advise", "against"]
Kind = Probe | Literal["compare", "peak"]
Lane = Literal["probe", "advice", "timing"]
OutcomeStatus = Literal[
    "ok", "failed", "cancelled", "crashed", "timed_out", "out_of_memory", "refused"
]
OnEvent = Callable[[dict[str, Any]], None]

_PROBE_LIMIT_S = 30.0


@dataclass(frozen=True)
class Job:
    """Work for a worker.

    Attributes:
        kind: What to do.
        target: Which function at which point; see `problem_target` and `function_target`.
        options: The settings of that kind of job, plain values.
        owner: Whose it is. Owners take turns: one who queues a hundred jobs holds up another for
            the length of one.
    """

    kind: Kind
    target: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""

    @property
    def lane(self) -> Lane:
        """`timing` for what has to be alone on its device, else `probe`.

        Advice may take seconds, and has a worker of its own that no picture waits for.
        """
        if self.kind == "advise":
            return "advice"
        return "timing" if self.kind in ("compare", "peak") else "probe"

    @property
    def fresh(self) -> bool:
        """Whether it needs a process that has run nothing before, as its memory is to tell."""
        limited = self.kind == "compare" and bool(self.options.get("memory_limit"))
        return self.kind == "peak" or limited

    @property
    def time_limit(self) -> float:
        """Seconds after which the worker is killed."""
        return float(self.options.get("time_limit") or _PROBE_LIMIT_S)


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        status: `ok`, or what became of it.
        message: A sentence; empty when ok.
        value: The result, plain data with arrays; empty unless ok.
        attempts: On a cluster, one for each time that a worker has begun it: `worker`, its address;
            `host`; and `ended`, how that ended.
    """

    status: OutcomeStatus
    message: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)
    attempts: Sequence[Mapping[str, str]] = ()

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Outcome:
        """Build an outcome from its plain form, as another process has sent it.

        Raises:
            ValueError: It is not one.
            TypeError: It is not one.
        """
        outcome = cls(**plain)
        kinds = {"status": str, "message": str, "value": Mapping, "attempts": list | tuple}
        if not all(isinstance(getattr(outcome, name), kind) for name, kind in kinds.items()):
            raise TypeError("This is no outcome of a job.")
        if outcome.status not in get_args(OutcomeStatus):
            raise ValueError(f"A job can't end as {outcome.status[:40]!r}.")
        return outcome

    @classmethod
    def died(cls, code: int | None) -> Outcome:
        """Return the outcome of a job whose worker died.

        Args:
            code: Its exit code; less than 0 for a signal, None where it is not known.
        """
        cause = f"exit code {code}"
        with contextlib.suppress(TypeError, ValueError):
            cause = signal.Signals(-code).name  # pyright: ignore[reportOptionalOperand]
        return cls("crashed", f"The worker process died ({cause}).")


class Handle(Protocol):
    """A job on its way."""

    def cancel(self) -> None:
        """Kill it, or take it out of the queue; its outcome is then `cancelled`."""
        ...

    def done(self) -> bool:
        """Say whether the outcome is known."""
        ...

    def result(self, timeout: float | None = None) -> Outcome:
        """Wait for the outcome.

        Raises:
            TimeoutError: It took longer than `timeout` seconds.
        """
        ...

    async def wait(self) -> Outcome:
        """Wait for the outcome in an event loop."""
        ...


class Runner(Protocol):
    """Somewhere jobs run."""

    def submit(self, job: Job, on_event: OnEvent | None = None) -> Handle:
        """Start a job, or queue it.

        Args:
            job: The job.
            on_event: Called with each event, in order, from a thread of the runner's.
        """
        ...

    def close(self) -> None:
        """End all jobs and free everything."""
        ...
