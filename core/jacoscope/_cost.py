"""What XLA says of a program before it runs: the time to make it, and the bytes it will take.

`peak_memory_in_bytes` is not used: on CPU it is far below what temporaries alone take.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax

from ._flops import count_jaxpr
from ._folding import Folded


@dataclass(frozen=True)
class Cost:
    """The cost of a program, known once it is compiled. Bytes are XLA's, of one device.

    Attributes:
        trace_s: Seconds to trace the Python function.
        lower_s: Seconds to lower the jaxpr to StableHLO.
        compile_s: Seconds to compile; a cached program takes next to none.
        argument_bytes: Inputs.
        output_bytes: Outputs.
        temp_bytes: Temporaries.
        alias_bytes: Outputs that share memory with inputs.
        predicted_bytes: argument + output + temp − alias.
        flops: Floating-point operations, loop bodies multiplied; see `_flops.py`.
        flops_note: `loop body counted once` where a trip count is not static; else empty.
        bytes_accessed: XLA's count, multiplied for loops by the ratio that the jaxpr gives.
        prep_s: Seconds to compute what of a folded program does not depend on its arguments.
        fused_by_ynn: Whether XLA used a kind of fusion whose temporaries it does not see.
    """

    trace_s: float
    lower_s: float
    compile_s: float
    argument_bytes: int | None
    output_bytes: int | None
    temp_bytes: int | None
    alias_bytes: int | None
    predicted_bytes: int | None
    flops: float | None
    flops_note: str | None
    bytes_accessed: float | None
    prep_s: float | None
    fused_by_ynn: bool


@dataclass(frozen=True)
class Lowered:
    """A program that is traced and lowered, with no Python of a user's left to run.

    Any thread may compile it, as XLA does so without Python's lock.

    Attributes:
        traced: The program as `jax.jit` has traced it.
        lowered: The same as StableHLO.
        trace_s: Seconds to trace the Python function.
        lower_s: Seconds to lower the jaxpr.
        constants: The arrays of a folded program that are computed once; None of another.
        prep_s: Seconds that took; None where it was not done, as there were shapes only.
    """

    traced: Any
    lowered: Any
    trace_s: float
    lower_s: float
    constants: list[Any] | None = None
    prep_s: float | None = None

    def compile(self) -> tuple[Callable[..., Any], Cost]:
        """Return the compiled program, to be called with the same arguments, and its cost."""
        start = time.perf_counter()
        compiled = self.lowered.compile()
        compile_s = time.perf_counter() - start
        sizes = _sizes(compiled)
        work = count_jaxpr(self.traced.jaxpr.jaxpr)
        accessed = _analysis(compiled).get("bytes accessed")
        cost = Cost(
            trace_s=self.trace_s,
            lower_s=self.lower_s,
            compile_s=compile_s,
            argument_bytes=sizes["argument"],
            output_bytes=sizes["output"],
            temp_bytes=sizes["temp"],
            alias_bytes=sizes["alias"],
            predicted_bytes=predicted_bytes(compiled),
            flops=work.flops,
            flops_note=work.note,
            bytes_accessed=None if accessed is None else accessed * work.loop_factor,
            prep_s=self.prep_s,
            fused_by_ynn="__ynn_fusion" in (compiled.as_text() or ""),
        )
        return (compiled if self.constants is None else partial(compiled, self.constants)), cost


def predicted_bytes(compiled: Any) -> int | None:
    """Return what XLA says a compiled program takes: argument + output + temp − alias."""
    sizes = _sizes(compiled)
    known = [size for size in sizes.values() if size is not None]
    return sum(known) - 2 * (sizes["alias"] or 0) if len(known) == len(sizes) else None


def _sizes(compiled: Any) -> dict[str, int | None]:
    stats = compiled.memory_analysis()
    return {
        name: None if stats is None else getattr(stats, f"{name}_size_in_bytes", None)
        for name in ("argument", "output", "temp", "alias")
    }


def lower_program(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Lowered:
    """Trace and lower a function, each timed apart.

    Args:
        function: What to jit; of a `Folded` the rest is, and its constants are computed.
        arguments: Its arguments, arrays or pytrees of them.
    """
    if isinstance(function, Folded):
        return _lower_folded(function, arguments)
    start = time.perf_counter()
    traced = jax.jit(function).trace(*arguments)
    traced_at = time.perf_counter()
    lowered = traced.lower()
    return Lowered(traced, lowered, traced_at - start, time.perf_counter() - traced_at)


def _lower_folded(function: Folded, arguments: tuple[Any, ...]) -> Lowered:
    start = time.perf_counter()
    folding = function.fold(*arguments)
    folded_at = time.perf_counter()
    lowered = lower_program(folding.rest, (folding.shapes, *arguments))
    lowered = replace(lowered, trace_s=lowered.trace_s + folded_at - start)
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in jax.tree.leaves(arguments)):
        return lowered
    start = time.perf_counter()
    constants = jax.block_until_ready(folding.constants())
    return replace(lowered, constants=constants, prep_s=time.perf_counter() - start)


def compile_program(
    function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Callable[..., Any], Cost]:
    """Trace, lower and compile a function, each timed apart.

    Args:
        function: What to jit.
        arguments: Its arguments, arrays or pytrees of them.

    Returns:
        The compiled program, to be called with the same arguments, and its cost.
    """
    return lower_program(function, arguments).compile()


def _analysis(compiled: Any) -> dict[str, float]:
    """XLA's cost analysis, empty where a backend has none."""
    found = compiled.cost_analysis()
    if isinstance(found, list):  # one a device, on some backends
        found = found[0] if found else None
    return dict(found or {})
