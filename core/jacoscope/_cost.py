"""What XLA says of a program before it runs: the time to make it, and the bytes it will take.

`peak_memory_in_bytes` is not used: on CPU it is far below what temporaries alone take.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax


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
    """

    trace_s: float
    lower_s: float
    compile_s: float
    argument_bytes: int | None
    output_bytes: int | None
    temp_bytes: int | None
    alias_bytes: int | None
    predicted_bytes: int | None


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
    start = time.perf_counter()
    traced = jax.jit(function).trace(*arguments)
    traced_at = time.perf_counter()
    lowered = traced.lower()
    lowered_at = time.perf_counter()
    compiled = lowered.compile()
    compiled_at = time.perf_counter()
    stats = compiled.memory_analysis()
    sizes = {
        name: None if stats is None else getattr(stats, f"{name}_size_in_bytes", None)
        for name in ("argument", "output", "temp", "alias")
    }
    known = [size for size in sizes.values() if size is not None]
    predicted = sum(known) - 2 * (sizes["alias"] or 0) if len(known) == len(sizes) else None
    cost = Cost(
        trace_s=traced_at - start,
        lower_s=lowered_at - traced_at,
        compile_s=compiled_at - lowered_at,
        argument_bytes=sizes["argument"],
        output_bytes=sizes["output"],
        temp_bytes=sizes["temp"],
        alias_bytes=sizes["alias"],
        predicted_bytes=predicted,
    )
    return compiled, cost
