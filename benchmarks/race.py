"""One case's ways to a Jacobian, raced in one process; what comes out is plain data.

The strategies are all those that a comparison has, but unrolled loops, each compiled, checked and
called a few times; those near the fastest then run against JAX's builtins and against what
`autotune` and `advise` chose, in turns. A strategy is timed once, whoever chose it: two copies of
one program differ by noise alone. A figure is the lower quartile of its samples, which a
disturbed machine moves least. The best strategy is chosen by every other round and read by the
rounds between, so that luck in the choice is not counted as speed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.sparse import BCOO

from cases import Case
from contestants import BUILTINS, Contestant, advised, autotuned, carried_out, rule
from jacoscope._strategy import plan
from peers import disagreement, flat, sparse_ways
from rounds import Call, sample, sample_all

CHUNK_SIZES = (8, 32, 64, 128, 256)
_NEAR = 1.6  # times the fastest, by a few calls; what is farther is not the best
_MOST = 6
_SPARSELY = "autotune bcoo"
_TOLERANCE = 1e-3  # of a product with a random vector, over the product's length


def race(case: Case, rounds: int, time_limit: float, budget_s: float) -> dict[str, Any]:
    """Race the ways of a case.

    Args:
        case: The function at its point.
        rounds: Samples of each way.
        time_limit: Seconds for `autotune`.
        budget_s: Seconds for the samples of each table, beyond which rounds are left out.

    Returns:
        Sizes; `times`, `picked` and `read`, seconds of each strategy by all, every other and the
        other rounds; `chosen`, which one autotune and advise took, and `prepare`, in how many
        seconds; `best`, a strategy's name; `bcoo`, of a sparse case: autotune's choice for a sparse
        result, its seconds in the same rounds and what preparing took; `peers`, seconds of sparse
        ways and of filling the dense result with zeros; and `notes`.
    """
    found: dict[str, Any] = {
        "case": case.name,
        "n_in": case.n_in,
        "n_out": case.n_out,
        "sparse": case.sparse,
        "rule": rule(case.n_in, case.n_out),
        "notes": [],
    }
    if case.fits:
        found |= _race_strategies(case, rounds, time_limit, budget_s, found["notes"])
    if case.sparse:
        found["peers"] = _race_peers(case, rounds, budget_s, found["notes"])
    return found


def _race_strategies(
    case: Case, rounds: int, time_limit: float, budget_s: float, notes: list[str]
) -> dict[str, Any]:
    chosen = {"autotune": autotuned(case.f, case.x, time_limit), "advise": advised(case.f, case.x)}
    right = _checker(case)
    for name, contestant in chosen.items():
        if not right(contestant.call(case.x)):
            notes.append(f"{name}'s {contestant.strategy} gives a wrong result.")
    ways = _near(case, right, notes)
    for each in reversed(chosen.values()):  # what autotune returned goes before the same by name
        if each.strategy not in BUILTINS or each.strategy not in ways:
            ways[each.strategy] = each.call
    calls = {name: partial(way, case.x) for name, way in ways.items()}
    sparse = _sparsely(case, right, time_limit, notes) if case.sparse else None
    if sparse is not None:
        calls[_SPARSELY] = partial(sparse.call, case.x)
    samples = sample_all(calls, rounds, budget_s=budget_s)
    sparse_s = None if sparse is None else _typical(samples.pop(_SPARSELY))
    picked = {name: _typical(taken[::2]) for name, taken in samples.items()}
    return {
        "times": {name: _typical(taken) for name, taken in samples.items()},
        "picked": picked,
        "read": {name: _typical(taken[1::2]) for name, taken in samples.items()},
        "chosen": {name: each.strategy for name, each in chosen.items()},
        "prepare": {name: each.prepare_s for name, each in chosen.items()},
        "best": min(ways, key=lambda name: picked[name]),
        "samples": min(map(len, samples.values())),
        "bcoo": None
        if sparse is None
        else {"strategy": sparse.strategy, "time": sparse_s, "prepare": sparse.prepare_s},
    }


def _sparsely(
    case: Case, right: Callable[[Any], bool], time_limit: float, notes: list[str]
) -> Contestant | None:
    """Let autotune choose for a sparse result; None, and a note, where it can't or is wrong."""
    try:
        chosen = autotuned(case.f, case.x, time_limit, "bcoo")
    except ValueError as error:
        notes.append(f"autotune bcoo: {error}")
        return None
    if right(chosen.call(case.x)):
        return chosen
    notes.append(f"autotune's {chosen.strategy} gives a wrong sparse result.")
    return None


def _near(
    case: Case, right: Callable[[Any], bool], notes: list[str]
) -> dict[str, Callable[[Any], Any]]:
    """Return the strategies near the fastest, and JAX's builtins however slow they are."""
    names = [
        each.name
        for each in plan("jacobian", case.n_in, case.n_out, 1, CHUNK_SIZES)
        if each.batching != "loop"  # whose compiling takes minutes
    ]
    names += ["forward/folded", "reverse/folded"]
    if case.sparse:
        names += ["forward/colored", "reverse/colored", "mixed/colored"]
    ways: dict[str, Callable[[Any], Any]] = {}
    quick: dict[str, float] = {}
    for name in names:
        way = carried_out(name, case.f)
        try:
            result = jax.block_until_ready(way(case.x))
        except (TypeError, ValueError) as error:  # JAX can't, or the pattern can't be proven
            notes.append(f"{name}: {type(error).__name__}")
            continue
        if not right(result):
            notes.append(f"{name} gives a wrong result and takes no part.")
            continue
        call: Call = partial(way, case.x)
        start = time.perf_counter()
        quick[name] = sample(call)
        while time.perf_counter() - start < 0.03:
            quick[name] = min(quick[name], sample(call))
        ways[name] = way
    fastest = min(quick.values())
    near = sorted((name for name in quick if quick[name] <= _NEAR * fastest), key=quick.__getitem__)
    return {name: ways[name] for name in ways if name in (*BUILTINS, *near[:_MOST])}


def _checker(case: Case) -> Callable[[Any], bool]:
    """Return whether a Jacobian's product with a random vector is that of one JVP, or VJP."""
    f, x = flat(case.f, case.x)
    n_out = case.n_out
    rng = np.random.default_rng(0)
    v, u = (jnp.asarray(rng.standard_normal(size), jnp.float32) for size in (case.n_in, n_out))
    try:
        expected, forward = np.asarray(jax.jit(lambda x, v: jax.jvp(f, (x,), (v,))[1])(x, v)), True
    except TypeError:  # of a function with a VJP rule of its own
        expected, forward = np.asarray(jax.jit(lambda x, u: jax.vjp(f, x)[1](u)[0])(x, u)), False

    def matrix(result: Any) -> np.ndarray:
        """Lay the blocks of a Jacobian out as one matrix (n_out, n_in)."""
        outer = jax.tree.structure(jax.eval_shape(case.f, case.x))
        sizes = [leaf.size for leaf in jax.tree.leaves(jax.eval_shape(case.f, case.x))]
        rows = zip(outer.flatten_up_to(result), sizes, strict=True)
        return np.concatenate(
            [
                np.concatenate([np.reshape(b, (size, -1)) for b in jax.tree.leaves(row)], 1)
                for row, size in rows
            ]
        )

    def right(result: Any) -> bool:
        whole = matrix(jax.tree.map(_full, result, is_leaf=lambda each: isinstance(each, BCOO)))
        got = whole @ np.asarray(v) if forward else np.asarray(u) @ whole
        return bool(np.linalg.norm(got - expected) <= _TOLERANCE * np.linalg.norm(expected))

    return right


def _full(block: Any) -> Any:
    return block.todense() if isinstance(block, BCOO) else block


def _race_peers(
    case: Case, rounds: int, budget_s: float, notes: list[str]
) -> dict[str, dict[str, float | None]]:
    f, x = flat(case.f, case.x)
    ways = sparse_ways(f, x, dense=case.fits)
    able = {name: way for name, way in ways.items() if isinstance(way, Contestant)}
    notes += [f"{name}: {reason}" for name, reason in ways.items() if isinstance(reason, str)]
    if case.fits:
        for name in disagreement(able, x, _by_jax(f, x)) if able else ():
            notes.append(f"{name} gives a wrong result and takes no part.")
            del able[name]
        fill = jax.jit(lambda _: jnp.zeros((case.n_out, case.n_in), x.dtype))
        able["fill"] = Contestant("fill", fill)  # no dense result can be faster than this
    calls = {name: partial(way.call, x) for name, way in able.items()}
    samples = sample_all(calls, rounds, budget_s=budget_s)
    return {
        name: {"time": _typical(taken), "prepare": able[name].prepare_s}
        for name, taken in samples.items()
    }


def _by_jax(f: Callable[[Any], Any], x: jax.Array) -> np.ndarray:
    try:
        return np.asarray(jax.jit(jax.jacfwd(f))(x))
    except TypeError:  # of a function with a VJP rule of its own
        return np.asarray(jax.jit(jax.jacrev(f))(x))


def _typical(seconds: list[float]) -> float:
    return float(np.quantile(seconds, 0.25))


def ratios(found: Mapping[str, Any]) -> dict[str, float]:
    """Return what a race says, as ratios of seconds.

    `better` and `rule`: the better builtin, and the one of the textbook's rule, over autotune;
    `better as asked` and `rule as asked`: the same, autotune asked for a sparse result of a sparse
    case; `autotune` and `advise`: each over the best strategy, by the rounds that did not choose
    it.
    """
    times, read, chosen = found["times"], found["read"], found["chosen"]
    tuned_s = times[chosen["autotune"]]
    better = min(times[name] for name in BUILTINS if name in times)
    ruled = times.get(found["rule"], better)
    asked_s = (found.get("bcoo") or {}).get("time", tuned_s)
    said = {"better": better / tuned_s, "rule": ruled / tuned_s}
    said |= {"better as asked": better / asked_s, "rule as asked": ruled / asked_s}
    for name, strategy in chosen.items():
        said[name] = read[strategy] / read[found["best"]]
    return said
