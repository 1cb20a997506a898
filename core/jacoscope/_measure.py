"""The measuring of a comparison, in this process: compile each, check each, time all side by side.

`jacoscope.compare` is the way in; it has this run in a worker. Whatever one strategy runs into
becomes its row's status, and the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from ._ceilings import ceilings
from ._colored_plan import ColoredPlan, plan_colored
from ._cost import compile_program
from ._devices import Device, find_device
from ._disturbance import wait_until_quiet
from ._environment import describe_environment, load
from ._failure import Failure, attempt
from ._folded_plan import plan_folded
from ._gate import Gate
from ._limits import free_memory
from ._lineup import line_up
from ._measurement import Measurement
from ._memory import RESOLUTION_BYTES, peak_rise, return_freed_blocks
from ._prepare import Prepared, PreparedF, prepare_empty, prepare_f, too_late
from ._program import program
from ._progress import Emit, Progress
from ._room import Room
from ._scene import Options, Scene, set_scene, with_reference, with_remarks
from ._search import search
from ._shortlist import Shortlist
from ._statistics import beaten, contenders, with_samples
from ._strategy import Strategy, named, plan, shareable
from ._study import Study, conclude, hopeless
from ._timing import Samples, sample_all
from ._units import format_seconds

_F, _EMPTY = "f", "an empty call"
_COLORED = "colored"  # of `only`
_TIMING_SHARE, _TUNING_SHARE = 0.85, 0.95  # of the time limit, from its start
_LEAST_TIMING_S = 0.5
_LEAST_ROOF_S = 3.0
_TOLD_EVERY_S = 2.0  # how far timing is, and what is known so far
_QUIET_SHARE = 0.05  # of the time limit


@dataclass(frozen=True)
class Measured:
    """A study, and the strategies whose peak of memory is worth a process of its own."""

    study: Study
    heavy: tuple[str, ...]


def measure(
    f: Callable[..., Any],
    x: PyTree[Any],
    options: Options,
    emit: Emit = lambda event: None,
    alone: Callable[[], AbstractContextManager[object]] = nullcontext,
    between: Callable[[], None] = lambda: None,
) -> Measured:
    """Measure every strategy for a quantity of `f` at `x`.

    Args:
        f: The function.
        x: The point, or the tuple of all arguments.
        options: What is asked for.
        emit: Called with events as plain data: `plan`, `stage`, `row`.
        alone: Entered while samples are taken, to have the device to oneself.
        between: Called between slices of timing, when others may have it.

    Returns:
        The study, one row a strategy, and which of them take much memory.

    Raises:
        ValueError: An option is off; what `f` and `x` run into becomes rows.
    """
    told = Progress(emit)
    device = _device(options)
    environment = describe_environment(device)
    scene = attempt(lambda: with_remarks(set_scene(f, x, options, device), f, x, options))
    if isinstance(scene, Failure):
        study = hopeless(options.quantity, scene.status, scene.message, options.title, environment)
        told.plan(row.strategy for row in study.rows)
        told.rows(study.rows)
        return Measured(study, ())
    planned, gate = _plan(scene, options), _gate(scene, options)
    hope = options.output == "bcoo" or any(map(gate.holds, planned))
    colored, folded = ColoredPlan(), []
    if hope and (not options.only or _COLORED in options.only):  # else seconds for nothing
        colored = plan_colored(
            options.quantity,
            scene,
            options.sparsity,
            failed=options.failed,
            start=lambda name: told.stage(name, "color", 0, 1),
        )
        if not any(each.coloring for each in colored.strategies):  # what has failed is no way
            folded = plan_folded(options.quantity, scene, gate.limit_bytes)
    options = replace(options, failed={**options.failed, **colored.failed})
    colors = list(colored.strategies)
    found = [*colors, *_on_all(colors, scene, options), *folded]
    strategies, shortlist = _candidates(planned, found, scene, options)
    hoped = () if shortlist is None else shortlist.waiting
    names = [each.name for each in [*strategies, *hoped]]
    told.plan(names, environment)
    told.stage("", "reference", 0, len(names))
    scene = with_reference(scene, options, gate.limit_bytes, told.runs) if hope else scene
    f_made = None
    if not options.tune:  # which asks for the fastest only
        told.stage(_F, "compile", 0, len(names))
        f_made = _prepare_f(scene, options, told)
    prepared = line_up(strategies, scene, options, gate, told)
    if shortlist is not None:
        prepared |= search(shortlist, scene, options, gate, told)
    if isinstance(f_made, Failure):
        said = f"Cost in units of f is unknown, as f alone failed. {f_made.message}"
        prepared = {name: _with(each, said) for name, each in prepared.items()}
    elif f_made is not None and f_made.note:
        prepared = {name: _with(each, f_made.note) for name, each in prepared.items()}
    calls = {name: each.call for name, each in prepared.items() if each.call is not None}
    glances = {name: each.glanced for name, each in prepared.items() if each.glanced is not None}
    firsts = {name: each.first_s for name, each in prepared.items()}
    needs = {name: each.rise_bytes for name, each in prepared.items()}
    beside = {_EMPTY: prepare_empty(scene)} if calls else {}
    if calls and isinstance(f_made, PreparedF):
        beside[_F] = f_made.call

    told_at = [time.perf_counter()]

    def progress(turn: int, total: int, samples: Mapping[str, Samples]) -> None:
        # Seldom: who hears of it draws it, on the same processors, and that disturbs the samples.
        if time.perf_counter() > told_at[-1] + _TOLD_EVERY_S:
            told_at.append(time.perf_counter())
            told.stage("", "time", turn, total)
            told.rows(row for row in _rows(prepared, samples) if row.median_s is not None)

    def rivals(samples: Mapping[str, Samples]) -> dict[str, Samples]:
        return {name: taken for name, taken in samples.items() if name in calls}

    share = _TUNING_SHARE if options.tune else _TIMING_SHARE
    deadline = told.begin + share * options.time_limit
    soon = time.perf_counter() + _LEAST_TIMING_S
    if options.tune:  # a choice needs a few samples, however long compiling took
        deadline = max(deadline, soon)
    else:  # what is quick has a time, however long the others took
        deadline = max(deadline, min(soon, told.begin + _TUNING_SHARE * options.time_limit))
    told.runs()
    with alone():
        told.stage("", "time", 0, options.protocol.rounds)
        wait_until_quiet(min(options.quiet_s, _QUIET_SHARE * options.time_limit))
        samples = sample_all(
            {**calls, **beside},
            paces={name: min(each.seconds) for name, each in glances.items()},
            firsts=firsts,
            protocol=options.protocol,
            deadline=deadline,
            between=between,
            ready=gate.before({**calls, **beside}, needs),
            undecided=lambda samples: contenders(rivals(samples)),
            beaten=lambda samples: beaten(rivals(samples)) if options.tune else set(),
            progress=progress,
        )
        roof = _roof(scene, options, told.begin + options.time_limit - time.perf_counter(), between)
    final = _rows(prepared, samples)
    told.rows(final)
    study = Study(
        rows=final,
        title=options.title,
        environment={**environment, "load_at_end": load(), "ceilings": roof},
        empty_call_s=_median(samples, _EMPTY),
        f_s=_median(samples, _F),
        f_bytes=f_made.predicted_bytes if isinstance(f_made, PreparedF) else None,
    )
    heavy = [row.strategy for row in final if row.status == "ok" and prepared[row.strategy].heavy]
    if options.tune:
        heavy = []  # asked for apart, of what is chosen
    return Measured(study, tuple(heavy))


def measure_peak(
    f: Callable[..., Any], x: PyTree[Any], options: Options, name: str
) -> dict[str, Any]:
    """Measure the peak of memory of one strategy; to be called in a fresh process.

    Args:
        f: The function.
        x: The point, or the tuple of all arguments.
        options: What the comparison was asked for.
        name: The strategy.

    Returns:
        `peak_bytes`, the rise during a call plus the arguments, None where unknown, and
        `source`, where the figure comes from or why there is none.
    """
    return_freed_blocks()
    device = _device(options)
    scene = set_scene(f, x, options, device)
    strategy = named(options.quantity, name)
    if strategy.batching == "colored":
        found = plan_colored(options.quantity, scene, options.sparsity, failed=options.failed)
        strategy = next(each for each in found.strategies if each.name == name)
    compiled, cost = compile_program(program(strategy, scene.f, scene.output), scene.arguments)
    rise, source = peak_rise(partial(compiled, *scene.arguments), device)
    if rise is None:
        return {"peak_bytes": None, "source": source}
    peak = rise + (cost.argument_bytes or 0)
    if device.platform == "cpu" and peak < RESOLUTION_BYTES:
        return {"peak_bytes": None, "source": "unknown: below the resolution of 16 MB"}
    return {"peak_bytes": peak, "source": source}


def _roof(
    scene: Scene, options: Options, left_s: float, between: Callable[[], None]
) -> dict[str, Any] | None:
    """Return the ceilings of the device, as plain values; None where they are not known."""
    if options.tune or left_s < _LEAST_ROOF_S:
        return None
    room = options.memory_limit or free_memory()
    found = attempt(lambda: ceilings(scene.device, scene.dtype, room_bytes=room, between=between))
    return None if found is None or isinstance(found, Failure) else asdict(found)


def _device(options: Options) -> Device:
    return jax.devices()[0] if options.device is None else find_device(options.device)


def _plan(scene: Scene, options: Options) -> list[Strategy]:
    there = plan(options.quantity, scene.n_in, scene.n_out, scene.count, options.chunk_sizes)
    there += _on_all(there, scene, options)
    return [each for each in there if not options.only or each.name in options.only]


def _on_all(strategies: list[Strategy], scene: Scene, options: Options) -> list[Strategy]:
    """List the strategies once more that several devices, where there are, can share."""
    if scene.shares is None or options.tune:
        return []
    sizes, count = (scene.n_in, scene.n_out, scene.count), scene.shares.mesh.size
    return [
        replace(each, sharded=True)
        for each in shareable(strategies)
        if each.batching != "chunked" or (each.chunk_size or 0) * count < each.passes(*sizes)
    ]


def _candidates(
    planned: list[Strategy], found: list[Strategy], scene: Scene, options: Options
) -> tuple[list[Strategy], Shortlist | None]:
    """Return what is measured, JAX's own first; to tune, what has failed and a shortlist."""
    builtins = [each for each in planned if each.builtin is not None]
    others = [each for each in planned if each.builtin is None]
    if not options.tune:
        return [*builtins, *found, *others], None
    folded = [each for each in found if each.batching == "folded"]
    colored = [each for each in found if each.batching == "colored"]
    failed = [each for each in colored if each.coloring is None]
    certain = [each for each in colored if each.coloring and each.coloring.pattern.certain]
    asked = certain if options.output == "bcoo" else [*builtins, *certain, *folded, *others]
    return failed, Shortlist(asked, scene, limited=options.memory_limit is not None)


def _prepare_f(scene: Scene, options: Options, told: Progress) -> PreparedF | Failure:
    """Make `f` itself ready, unless a worker has died of it."""
    if _F in options.failed:
        return Failure(*options.failed[_F])
    return attempt(lambda: prepare_f(scene, told))


def _with(each: Prepared, said: str) -> Prepared:
    """Say on a row what holds of `f` itself, unless it says why there is nothing to time."""
    if each.row.status != "ok":
        return each
    return replace(each, row=each.row.but(message=f"{each.row.message} {said}".strip()))


def _gate(scene: Scene, options: Options) -> Gate:
    limit = options.memory_limit
    if limit is None:
        return Gate(scene, free_memory(), given=False)
    room = Room(limit) if options.has_room and scene.device.platform == "cpu" else None
    return Gate(scene, limit, given=True, room=room, alone=options.one_at_a_time)


def _rows(
    prepared: Mapping[str, Prepared], samples: Mapping[str, Samples]
) -> tuple[Measurement, ...]:
    rows = []
    for name, each in prepared.items():
        row = each.row
        if row.status == "ok":
            taken = samples.get(name)
            taken = taken if taken is not None and taken.seconds else each.glanced
            row = _untimed(each) if taken is None else with_samples(row, taken)
        rows.append(row)
    return conclude(rows, _median(samples, _F))


def _untimed(each: Prepared) -> Measurement:
    """Return the row of one for which there was no time, and how long it took when it first ran."""
    row = too_late(each.row, "measure")
    took = f"It took {format_seconds(each.first_s)} when it first ran. "
    return row.but(message=f"{took if each.first_s > _LEAST_TIMING_S else ''}{row.message}")


def _median(samples: Mapping[str, Samples], name: str) -> float | None:
    taken = samples.get(name)
    return float(np.median(taken.seconds)) if taken is not None and taken.seconds else None
