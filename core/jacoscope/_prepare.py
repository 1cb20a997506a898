"""One strategy made ready to be timed: past the memory gate, compiled, run once and checked."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from ._cost import Cost, Lowered, compile_program, lower_program
from ._environment import usable_cores
from ._failure import Failure, attempt
from ._finite import said_of_entries, said_of_output
from ._gate import Gate
from ._measurement import Measurement
from ._memory import RESOLUTION_BYTES, resident_rise
from ._program import program
from ._progress import Progress
from ._scene import Scene
from ._strategy import Strategy
from ._timing import Samples
from ._units import format_bytes

_PREDICTED = "predicted by XLA"
_UNSEEN = "unknown: too small to be told from the rest of the process"
_LATER = "unknown: no fresh process has measured it"
_SHARED = "unknown: it would be that of all devices together"
_EAGER = "unknown: measured of compiled programs only"
_BLIND_FACTOR = 30  # seen between what such a program took and what was predicted


@dataclass(frozen=True)
class Prepared:
    """A strategy that passed.

    Attributes:
        row: What is known of it before it is timed.
        call: The call to time; None where the row's status says why there is none.
        heavy: Whether it takes so much memory that its peak is worth a process of its own.
        rise_bytes: How far memory rose when it first ran, roughly.
        first_s: Seconds that it took when it first ran.
        glanced: A few samples taken on the way, of a tuning; None where there are none.
    """

    row: Measurement
    call: Callable[[], Any] | None = None
    heavy: bool = False
    rise_bytes: int = 0
    first_s: float = 0.0
    glanced: Samples | None = None


@dataclass(frozen=True)
class PreparedF:
    """The function itself, ready to be timed.

    Attributes:
        call: The call to time.
        predicted_bytes: What its program takes; None without jit.
        note: What is to be said of its value; else empty.
    """

    call: Callable[[], Any]
    predicted_bytes: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Begun:
    """A strategy that its shapes let pass; `lowered` is None where it is not to be jitted."""

    strategy: Strategy
    function: Callable[..., Any]
    lowered: Lowered | None = None

    def compile(self) -> tuple[Callable[..., Any], Cost | None] | Failure:
        """Compile it, in any thread."""
        lowered = self.lowered
        return (self.function, None) if lowered is None else attempt(lowered.compile)


def prepare(strategy: Strategy, scene: Scene, gate: Gate, progress: Progress) -> Prepared:
    """Take a strategy through the gate, compile it, run it once and check its result."""
    begun = begin(strategy, scene, gate)
    if isinstance(begun, Prepared):
        return begun
    return finish(begun, begun.compile(), scene, gate, progress)


def begin(strategy: Strategy, scene: Scene, gate: Gate) -> Begun | Prepared:
    """Take a strategy through the gate by its shapes, trace it and lower it."""
    row = blank_row(strategy, scene)
    refused = gate.by_shape(strategy, row)
    if refused is not None:
        return Prepared(refused)
    function = program(strategy, scene.f, scene.output, shares=scene.shares)
    if not scene.jit:
        return Begun(strategy, function)
    lowered = attempt(lambda: lower_program(function, scene.arguments_of(strategy)))
    if isinstance(lowered, Failure):
        return Prepared(row.but(status=lowered.status, message=lowered.message))
    return Begun(strategy, function, lowered)


def finish(
    begun: Begun,
    compiled: tuple[Callable[..., Any], Cost | None] | Failure,
    scene: Scene,
    gate: Gate,
    progress: Progress,
) -> Prepared:
    """Take a compiled strategy through the gate by its prediction, run it once and check it."""
    strategy, row = begun.strategy, blank_row(begun.strategy, scene)
    if isinstance(compiled, Failure):
        return Prepared(row.but(status=compiled.status, message=compiled.message))
    function, cost = compiled
    if cost is not None:
        row = with_cost(row, cost)
        row = row.but(message=f"{row.message} {_computed_once(begun.lowered)}".strip())
        refused = gate.by_prediction(strategy, row)
        if refused is not None:
            return Prepared(refused)
    if strategy.mode in ("reverse", "linearize", "mixed") and scene.residual_bytes is not None:
        row = row.but(residual_bytes=scene.residual_bytes)
    call = partial(function, *scene.arguments_of(strategy))
    gate.watch()
    progress.runs()
    start = time.perf_counter()
    ran = attempt(lambda: resident_rise(call))
    first_s = time.perf_counter() - start
    if isinstance(ran, Failure):
        return Prepared(row.but(status=ran.status, message=ran.message))
    result, rise = ran
    if scene.reference is not None:
        row = row.but(error=scene.reference.error(result))
    said = [row.message, said_of_entries(result), "" if scene.reference else scene.unchecked]
    row = row.but(message=" ".join(filter(None, said)))
    del result, ran
    over = gate.by_peak(row, call, rise)
    if over is not None:
        return Prepared(over)
    row = row.but(message=f"{row.message} {gate.said_of_time(rise)}".strip())
    suspect = cost is not None and cost.fused_by_ynn
    expected = max(rise, (row.predicted_bytes or 0) * (_BLIND_FACTOR if suspect else 1))
    heavy = scene.jit and expected > RESOLUTION_BYTES // 2 and not strategy.sharded
    why = _LATER if heavy else _UNSEEN if scene.jit else _EAGER
    if strategy.sharded:
        why = _SHARED
    return Prepared(row.with_peak(None, why), call, heavy, rise, first_s)


def _computed_once(lowered: Lowered | None) -> str:
    constants = [] if lowered is None else lowered.constants or []
    taken = sum(each.nbytes for each in constants)
    return f"{format_bytes(taken)} that do not depend on x are computed once." if taken else ""


def _said(strategy: Strategy) -> str:
    return "Bytes and operations are those of each device." if strategy.sharded else ""


def blank_row(strategy: Strategy, scene: Scene) -> Measurement:
    """Return the row of a strategy of which nothing is measured yet."""
    coloring = strategy.coloring
    return Measurement(
        quantity=strategy.quantity,
        strategy=strategy.name,
        mode=strategy.direction,
        batching=strategy.batching,
        order=strategy.order,
        chunk_size=strategy.chunk_size,
        vectors=None if scene.vectors is None else scene.count,
        jit=scene.jit,
        n_in=scene.n_in,
        n_out=scene.n_out,
        passes=strategy.passes(scene.n_in, scene.n_out, scene.count),
        dtype=scene.dtype,
        device=scene.devices_of(strategy),
        threads=usable_cores(),
        host=platform.node(),
        message=" ".join(filter(None, [scene.note, coloring and coloring.note, _said(strategy)])),
        prep_s=None if coloring is None else coloring.prep_s,
    )


def too_late(row: Measurement, what: str) -> Measurement:
    """Say on a row that there was no time left to compile, or to measure, it."""
    return row.but(status="timed_out", message=f"The time limit left no time to {what} it.")


def with_cost(row: Measurement, cost: Cost) -> Measurement:
    """Fill in what is known of a compiled program."""
    known = {name: value for name, value in vars(cost).items() if name != "fused_by_ynn"}
    known["prep_s"] = row.prep_s if cost.prep_s is None else cost.prep_s
    blind = "; blind to this program's YNN fusion" if cost.fused_by_ynn else ""
    return row.but(memory_source=f"{_PREDICTED}{blind}", **known)


def prepare_f(scene: Scene, progress: Progress) -> PreparedF:
    """Compile the function itself where it can be jitted, and run it once."""
    if not scene.jit:
        made = PreparedF(partial(scene.f, scene.x))
    else:
        compiled, cost = compile_program(scene.f, (scene.x,))
        made = PreparedF(partial(compiled, scene.x), cost.predicted_bytes)
    progress.runs()
    y = jax.block_until_ready(made.call())
    return replace(made, note=said_of_output(y))


def prepare_empty(scene: Scene) -> Callable[[], Any]:
    """Return a jitted call that does nothing, on the same device."""
    nothing = jax.device_put(jnp.zeros(()), scene.device)
    compiled, _ = compile_program(lambda x: x, (nothing,))
    return partial(compiled, nothing)
