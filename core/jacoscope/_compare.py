"""The public `compare`: it hands the measuring to a runner and returns the study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
from jax.sharding import Mesh
from jaxtyping import PyTree

from ._devices import device_name
from ._limits import read_bytes
from ._mesh import Where, mesh_name
from ._pattern import plain_entries
from ._strategy import Quantity, plan
from ._study import Study
from .run import (
    InlineRunner,
    Job,
    Kind,
    Outcome,
    cluster_runner,
    direct_target,
    function_target,
    local_runner,
)

RunnerName = str  # local, inline or dask; or the address of a Dask scheduler
_HERE = ("local", "inline")


def compare(
    f: Callable[..., Any],
    x: PyTree[Any],
    quantity: Quantity = "jacobian",
    chunk_sizes: tuple[int, ...] = (8, 64, 256),
    vectors: int | PyTree[Any] | None = None,
    jit: bool = True,
    device: Where = None,
    memory_limit: int | str | None = None,
    time_limit: float = 60.0,
    argnums: int | tuple[int, ...] = 0,
    sparsity: Any = None,
    runner: RunnerName = "local",
) -> Study:
    """Measure what each way of differentiating `f` at `x` costs here.

    Each strategy is traced, lowered and compiled, each timed apart, run once and checked against
    JAX's own derivative in float64; then all are timed side by side. A strategy that can't work
    becomes a row that says why, and the others go on.

    Args:
        f: Function of one pytree; of several arguments with `argnums`.
        x: Point, a pytree of floating-point arrays; with `argnums` other than 0 the tuple of all
            arguments.
        quantity: `jacobian`, `hessian`, `hvp`, `jmp` or `mjp`.
        chunk_sizes: Chunk sizes to try.
        vectors: For `jmp`, `mjp` and `hvp`: the vectors, with a leading axis in each leaf, or
            how many to draw with a fixed seed; None for 128, and for one HVP.
        jit: Whether the strategies are jitted; False reproduces eager use.
        device: Where, such as `cpu:0`; None for JAX's default. With `all`, several as `cpu:0-3`, or
            a Mesh, whose devices are then taken in a row, strategies that can be shared are
            measured on the first of them and shared by all: these are rows of their own, their
            names ending in `/sharded`, their bytes those of each device.
        memory_limit: Bytes, or a text such as "2GB", above what an idle worker takes; None for
            80 % of what the machine has free. Devices of a CPU have it together. What would need
            more is refused; what takes more all the same is killed or left out, except inline.
            Under some 500 MB, what takes more than a third of it gives its memory back after each
            call, takes longer and says so.
        time_limit: Seconds for the whole call, compiling included.
        argnums: Which arguments are differentiated.
        sparsity: Where the Jacobian, or Hessian, may be other than zero, as for `jacobian`. With
            None a pattern is looked for where the derivative seems to be sparse.
        runner: `local`, in worker processes that can be killed and that leave this process
            alone; or `inline`, here: limits hold by prediction only, and no peak is measured. On
            a Dask cluster: `dask`, for the `distributed.Client` that this process has, or else
            for the scheduler in the environment variable JACOSCOPE_SCHEDULER; or the address of a
            scheduler, such as `tcp://localhost:8786`.

    Returns:
        The study: a row a strategy, with times in seconds and memory in bytes.

    Raises:
        TypeError: `f` or `x` can't travel to a worker, or `sparsity` is of a kind not read.
        ValueError: A word is unknown, a number is off, or there is no such device; or the cluster
            can't be reached, or has other versions than this process.

    >>> import jax.numpy as jnp
    >>> study = compare(jnp.sin, jnp.ones(3), runner="inline", time_limit=20.0)
    >>> study.row("forward/vmap").status
    'ok'
    """
    check_runner(f, time_limit, runner)
    plan(quantity, 0, 0, 1, tuple(chunk_sizes))  # speaks up about a wrong word or number
    options = {
        "quantity": quantity,
        "chunk_sizes": list(chunk_sizes),
        "jit": jit,
        "device": _plain(device),
        "memory_limit": None if memory_limit is None else read_bytes(memory_limit),
        "time_limit": float(time_limit),
        "sparsity": None if sparsity is None else plain_entries(sparsity),
        "argnums": list(argnums) if isinstance(argnums, tuple) else argnums,
    }
    return run_study(f, x, vectors, options, runner)


def _plain(device: Where) -> str | None:
    if device is None or isinstance(device, str):
        return device
    return mesh_name(device) if isinstance(device, Mesh) else device_name(device)


def run_study(
    f: Callable[..., Any], x: Any, vectors: Any, options: dict[str, Any], runner: RunnerName
) -> Study:
    """Have a runner measure, and return the study.

    Raises:
        TypeError: `f` or `x` can't travel to a worker.
        ValueError: An option does not fit.
    """
    outcome = run_job("compare", f, x, vectors, options, runner)
    if outcome.status != "ok":
        raise ValueError(outcome.message)
    study = Study.from_plain(outcome.value["study"])
    return study if runner in _HERE else _of_another_kind(study, x)


def _of_another_kind(study: Study, x: Any) -> Study:
    """Say on each row where it was measured, if that is another kind of device than `x` is on."""
    leaves = [leaf for leaf in jax.tree.leaves(x) if isinstance(leaf, jax.Array)]
    kinds = {each.device_kind for leaf in leaves for each in leaf.devices()}
    there = study.environment.get("device_kind")
    if there is None or not kinds or there in kinds:
        return study
    said = f"Measured on {there} of {study.environment.get('host')}; `x` is on {min(kinds)}."
    rows = tuple(row.but(message=f"{row.message} {said}".strip()) for row in study.rows)
    return replace(study, rows=rows)


def run_job(
    kind: Kind,
    f: Callable[..., Any],
    x: Any,
    vectors: Any,
    options: dict[str, Any],
    runner: RunnerName,
) -> Outcome:
    """Have a runner do a job on a function, and return how it ended.

    Raises:
        TypeError: `f` or `x` can't travel to a worker.
    """
    if runner == "inline":
        target = direct_target(f, x, vectors=vectors)
        return InlineRunner().submit(Job(kind, target, options)).result()
    target = function_target(f, x, vectors=vectors)
    elsewhere = local_runner() if runner == "local" else cluster_runner(runner)
    return elsewhere.submit(Job(kind, target, options)).result()


def check_runner(f: Any, time_limit: float, runner: str) -> None:
    """Check what every call that measures takes.

    Raises:
        TypeError: `f` is not a function.
        ValueError: The time limit or the runner is off.
    """
    if not callable(f):
        raise TypeError(f"`f` must be a function, but got {type(f).__name__}.")
    if not time_limit > 0:
        raise ValueError(f"`time_limit` must be above 0 seconds, but got {time_limit!r}.")
    if runner in _HERE:
        return
    if not isinstance(runner, str) or (runner != "dask" and "://" not in runner):
        raise ValueError(
            "`runner` must be local, inline, dask or the address of a scheduler, but got"
            f" {runner!r}."
        )
    cluster_runner(runner)  # speaks up where there is none
