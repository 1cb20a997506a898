"""The measuring of a comparison, in this process: compile each, check each, time all side by side.

`jacoscope.compare` is the way in; it has this run in a worker. Whatever one strategy runs into
becomes its row's status, and the others go on.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from ._cost import Cost, compile_program
from ._devices import Device, device_name, find_device
from ._environment import describe_environment, load, usable_cores
from ._failure import Failure, attempt
from ._measurement import Measurement
from ._program import program
from ._scene import Options, Scene, set_scene
from ._statistics import with_samples
from ._strategy import Strategy, plan
from ._study import Study, conclude, hopeless
from ._timing import Samples, sample_all

Emit = Callable[[dict[str, Any]], None]
_F, _EMPTY = "f", "an empty call"
_COMPILE_SHARE = 0.6  # of the time limit; the rest is for timing


def measure(
    f: Callable[..., Any],
    x: PyTree[Any],
    options: Options,
    emit: Emit = lambda event: None,
    between: Callable[[], None] = lambda: None,
) -> Study:
    """Measure every strategy for a quantity of `f` at `x`.

    Args:
        f: The function.
        x: The point, or the tuple of all arguments.
        options: What is asked for.
        emit: Called with events as plain data: `plan`, `stage`, `row`.
        between: Called between slices of timing.

    Returns:
        The study, one row a strategy.

    Raises:
        ValueError: An option is off; what `f` and `x` run into becomes rows.
    """
    begin = time.perf_counter()
    device = jax.devices()[0] if options.device is None else find_device(options.device)
    environment = describe_environment(device)
    scene = attempt(lambda: set_scene(f, x, options, device))
    if isinstance(scene, Failure):
        study = hopeless(options.quantity, scene.status, scene.message, options.title, environment)
        emit({"type": "plan", "strategies": [row.strategy for row in study.rows]})
        for row in study.rows:
            emit({"type": "row", "row": row.to_plain()})
        return study
    n_in, n_out = scene.n_in, scene.n_out
    strategies = plan(options.quantity, n_in, n_out, scene.count, options.chunk_sizes)
    emit({"type": "plan", "strategies": [each.name for each in strategies]})

    rows: dict[str, Measurement] = {}
    calls: dict[str, Callable[[], Any]] = {}
    compile_until = begin + _COMPILE_SHARE * options.time_limit
    for done, strategy in enumerate(strategies):
        _stage(emit, strategy.name, "compile", done, len(strategies), begin)
        row = _blank(strategy, scene)
        if strategy.name in options.failed:
            status, message = options.failed[strategy.name]
            row = row.but(status=status, message=message)
        elif time.perf_counter() > compile_until:
            row = row.but(
                status="timed_out",
                message=f"The time limit of {options.time_limit:.3g} s left no time to compile it.",
            )
        else:
            row, call = _prepare(strategy, scene, row)
            if call is not None:
                calls[strategy.name] = call
        rows[strategy.name] = row
        emit({"type": "row", "row": row.to_plain()})

    f_call, f_cost = _prepare_f(scene)
    timed = {**calls, _F: f_call, _EMPTY: _empty_call(device)} if calls else {}

    def progress(name: str, done: int, total: int) -> None:
        if name == _F and done < total:
            _stage(emit, "", "time", done, total, begin)

    samples = sample_all(
        timed,
        protocol=options.protocol,
        deadline=begin + options.time_limit,
        between=between,
        progress=progress,
    )
    medians = {name: _median(samples.get(name)) for name in (_F, _EMPTY)}
    final = conclude(
        [_timed(row, samples.get(name), options) for name, row in rows.items()], medians[_F]
    )
    for row in final:
        emit({"type": "row", "row": row.to_plain()})
    return Study(
        rows=final,
        title=options.title,
        environment={**environment, "load_at_end": load()},
        empty_call_s=medians[_EMPTY],
        f_s=medians[_F],
        f_bytes=f_cost.predicted_bytes if f_cost else None,
    )


def _blank(strategy: Strategy, scene: Scene) -> Measurement:
    return Measurement(
        quantity=strategy.quantity,
        strategy=strategy.name,
        mode=strategy.mode,
        batching=strategy.batching,
        order=strategy.order,
        chunk_size=strategy.chunk_size,
        vectors=None if scene.vectors is None else scene.count,
        jit=scene.jit,
        n_in=scene.n_in,
        n_out=scene.n_out,
        passes=strategy.passes(scene.n_in, scene.n_out, scene.count),
        dtype=str(jnp.result_type(*jax.tree.leaves(scene.x))),
        device=device_name(scene.device),
        threads=usable_cores(),
        host=platform.node(),
        message=scene.note,
    )


def _prepare(
    strategy: Strategy, scene: Scene, row: Measurement
) -> tuple[Measurement, Callable[[], Any] | None]:
    """Compile a strategy, run it once and check the result."""
    function = program(strategy, scene.f)
    if scene.jit:
        made = attempt(lambda: compile_program(function, scene.arguments))
        if isinstance(made, Failure):
            return row.but(status=made.status, message=made.message), None
        function, cost = made
        row = row.but(memory_source="XLA's prediction", **vars(cost))
    result = attempt(lambda: jax.block_until_ready(function(*scene.arguments)))
    if isinstance(result, Failure):
        return row.but(status=result.status, message=result.message), None
    if scene.reference is not None:
        row = row.but(error=scene.reference.error(result))
    return row, partial(function, *scene.arguments)


def _prepare_f(scene: Scene) -> tuple[Callable[[], Any], Cost | None]:
    if not scene.jit:
        return partial(scene.f, scene.x), None
    compiled, cost = compile_program(scene.f, (scene.x,))
    return partial(compiled, scene.x), cost


def _empty_call(device: Device) -> Callable[[], Any]:
    nothing = jax.device_put(jnp.zeros(()), device)
    compiled, _ = compile_program(lambda x: x, (nothing,))
    return partial(compiled, nothing)


def _timed(row: Measurement, samples: Samples | None, options: Options) -> Measurement:
    if row.status != "ok":
        return row
    if samples is None or not samples.seconds:
        return row.but(
            status="timed_out",
            message=f"The time limit of {options.time_limit:.3g} s left no time to measure it.",
        )
    return with_samples(row, samples)


def _median(samples: Samples | None) -> float | None:
    if samples is None or not samples.seconds:
        return None
    ordered = sorted(samples.seconds)
    return ordered[len(ordered) // 2]


def _stage(emit: Emit, strategy: str, stage: str, done: int, total: int, begin: float) -> None:
    """Say where the comparison stands, and how long the rest of this stage may take."""
    elapsed = time.perf_counter() - begin
    left = elapsed / done * (total - done) if done else None
    emit(
        {
            "type": "stage",
            "strategy": strategy,
            "stage": stage,
            "done": done,
            "total": total,
            "left_s": left,
        }
    )
