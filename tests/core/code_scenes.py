"""Functions and points for scripts; run as a script itself, it runs those that it reads.

Where it runs, jacoscope can't be imported. It reads cases as JSON from its input, each with the
code, the name of the scene and the quantity, and writes how far each is from JAX's own derivative.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.sparse import BCOO
from jax.flatten_util import ravel_pytree

from tests.helpers import branching, relative_error

Scene = tuple[Callable[[Any], Any], Any]


def _numbers(*shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(0).uniform(0.5, 1.5, shape))


def _pair(p: Any) -> Any:
    """From a dict with a scalar, a matrix and a None in it to a tuple of a vector and a scalar."""
    return jnp.sin(p["w"] @ p["b"][0]), {"s": jnp.sum(p["b"][0] ** 2) * p["c"]}


def _pair_point() -> Any:
    return {"b": (_numbers(3), None), "c": _numbers(), "w": _numbers(2, 3)}


def _pair_energy(p: Any) -> Any:
    return jnp.sum(_pair(p)[0] ** 2) * _pair(p)[1]["s"]


def _chain(x: Any) -> Any:
    x = jnp.ravel(x)
    return x[1:] * jnp.sin(x[:-1])


def _arrow(x: Any) -> Any:
    """A full row, and else a diagonal."""
    x = jnp.ravel(x)
    return jnp.concatenate([jnp.sin(x), jnp.sum(x**2)[None]])


def _fan(x: Any) -> Any:
    """A full column, and rows that overlap nowhere else but are long."""
    x = jnp.ravel(x)
    return jnp.stack([jnp.prod(x[1 + i :: 7]) * x[0] for i in range(7)])


@jax.custom_jvp
def _round(x: Any) -> Any:
    """Rounds, and passes tangents on: its code is constant, its derivative is not."""
    return jnp.round(x)


_round.defjvp(lambda primals, tangents: (_round(*primals), tangents[0]))


@jax.custom_vjp
def _odd(x: Any) -> Any:
    """The same in reverse mode alone."""
    return jnp.round(x)


_odd.defvjp(lambda x: (_odd(x), None), lambda _, u: (u,))


def _nested(f: Callable[[Any], Any]) -> Scene:
    x = _numbers(12)

    def g(p: Any) -> Any:
        y = f(jnp.concatenate([p["a"].ravel(), p["b"]]))
        return y if y.ndim == 0 else (y[:3], {"rest": y[3:]})

    return g, {"a": x[:8].reshape(2, 4), "b": x[8:]}


SCENES: dict[str, Callable[[], Scene]] = {
    "arrays": lambda: (lambda x: jnp.sin(x @ x.T) * x[:, :1], _numbers(2, 5)),
    "tall": lambda: (lambda x: jnp.sin(_numbers(4, 3) @ x), _numbers(3)),
    "wide": lambda: (lambda x: jnp.sin(_numbers(3, 4) @ x), _numbers(4)),
    "nested arrays": lambda: (_pair, _pair_point()),
    "scalar": lambda: (lambda x: jnp.sum(jnp.sin(x @ x.T) * x[:, :1]), _numbers(2, 5)),
    "nested scalar": lambda: (_pair_energy, _pair_point()),
    "branching": lambda: (branching, _numbers(4)),
    "chain": lambda: (_chain, _numbers(3, 4)),
    "long chain": lambda: (_chain, _numbers(6, 11)),
    "nested chain": lambda: _nested(_chain),
    "energy": lambda: (lambda x: jnp.sum(_chain(x) ** 2), _numbers(3, 4)),
    "long energy": lambda: (lambda x: jnp.sum(_chain(x) ** 2), _numbers(6, 11)),
    "nested energy": lambda: _nested(lambda x: jnp.sum(_chain(x) ** 2)),
    "arrow": lambda: (_arrow, _numbers(3, 7)),
    "nested arrow": lambda: _nested(_arrow),
    "rounded": lambda: (lambda x: _round(x)[1:] * 2, _numbers(70)),
    "reversed": lambda: (lambda x: _odd(x)[1:] * x[:-1], _numbers(70)),
    "fan": lambda: (_fan, _numbers(8, 8)),
}


def vectors(like: Any) -> Any:
    """Five vectors like that, no two of them alike."""
    return jax.tree.map(lambda a: jnp.cos(jnp.arange(5.0 * a.size).reshape(5, *a.shape)), like)


@cache
def names(scene: str) -> dict[str, Any]:
    """What a script finds: `f`, `x`, and whatever it multiplies with."""
    f, x = SCENES[scene]()
    many = vectors(x)
    one = jax.tree.map(lambda a: a[0], many)
    return {"f": f, "x": x, "V": many, "v": one, "U": vectors(f(x))}


@cache
def expected(quantity: str, scene: str, *, many: bool) -> Any:
    """JAX's own answer."""
    at = names(scene)
    f, x = at["f"], at["x"]
    match quantity:
        case "jacobian":
            return jax.jacfwd(f)(x) if scene == "branching" else jax.jit(jax.jacrev(f))(x)
        case "hessian":
            return jax.jit(jax.hessian(f))(x)
        case "jmp":
            return jax.jit(jax.vmap(lambda v: jax.jvp(f, (x,), (v,))[1]))(at["V"])
        case "mjp":
            return jax.jit(jax.vmap(lambda u: jax.vjp(f, x)[1](u)[0]))(at["U"])
        case _:

            def product(v: Any) -> Any:
                return jax.jvp(jax.grad(f), (x,), (v,))[1]

            return jax.jit(jax.vmap(product))(at["V"]) if many else jax.jit(product)(at["v"])


@cache
def matrix_of(quantity: str, scene: str) -> Any:
    """The Jacobian or Hessian as one matrix."""
    f, x = SCENES[scene]()
    flat, unravel = ravel_pytree(x)
    if quantity == "hessian":
        return jax.hessian(lambda flat: f(unravel(flat)))(flat)
    return jax.jacrev(lambda flat: ravel_pytree(f(unravel(flat)))[0])(flat)


def sparsity_of(quantity: str, scene: str) -> Any:
    """A pattern as a user has it: for a Hessian its upper half will do."""
    entries = np.asarray(matrix_of(quantity, scene)) != 0
    return np.triu(entries) if quantity == "hessian" else entries


def check(case: dict[str, Any]) -> float | str:
    """Run one script and compare."""
    quantity, scene = case["quantity"], case["scene"]
    result = {"jacobian": "J", "hessian": "H", "jmp": "JV", "mjp": "UJ"}.get(
        quantity, "HV" if case["many"] else "Hv"
    )
    space = dict(names(scene))
    if "`sparsity` is yours" in case["code"]:
        space["sparsity"] = sparsity_of(quantity, scene)
    exec(compile(case["code"], scene, "exec"), space)
    got = space[result]
    theirs = expected(quantity, scene, many=case["many"])
    if case["matrix"]:
        theirs = matrix_of(quantity, scene)
    kinds = {is_sparse(leaf) for leaf in jax.tree.leaves(got, is_leaf=is_sparse)}
    if kinds != {case["bcoo"]}:
        return f"BCOO: {kinds}"
    dense = jax.tree.map(lambda a: a.todense() if is_sparse(a) else a, got, is_leaf=is_sparse)
    return relative_error(dense, theirs)


def is_sparse(leaf: Any) -> bool:
    """Whether it is a sparse matrix, which is a leaf here."""
    return isinstance(leaf, BCOO)


def main() -> None:
    """Run every case that stands in the input."""
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_disable_most_optimizations", True)
    answers: dict[str, float | str] = {}
    for name, case in json.load(sys.stdin).items():
        try:
            answers[name] = check(case)
        except Exception as error:  # noqa: BLE001 (each script's own failure is its answer)
            answers[name] = f"{type(error).__name__}: {error}"
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    sys.modules["jacoscope"] = None  # type: ignore[assignment]
    main()
