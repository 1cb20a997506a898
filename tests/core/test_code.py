"""Every strategy as a script: run where jacoscope can't be imported, against JAX's derivatives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jacoscope import Strategy, snippet
from jacoscope._hessian import Order
from jacoscope._sparsity import with_coloring
from jacoscope._strategy import Quantity, plan
from tests.core.code_scenes import SCENES
from tests.helpers import require_asdex

BATCHINGS: list[tuple[Any, Any]] = [
    *(("vmap", None), ("map", None), ("loop", None)),
    *(("chunked", 4), ("chunked", 99)),
]
ORDERS: list[Order] = list(get_args(Order))
DENSE: list[Strategy] = [
    Strategy("jacobian", "forward", builtin="jax.jacfwd"),
    Strategy("jacobian", "reverse", builtin="jax.jacrev"),
    Strategy("hessian", order="full_hessian", builtin="jax.hessian"),
    *(Strategy("hvp", order=order) for order in ORDERS),
    *(
        each
        for how in BATCHINGS
        for each in (
            Strategy("jacobian", "forward", *how),
            Strategy("jacobian", "reverse", *how),
            Strategy("jacobian", "linearize", *how),
            Strategy("jmp", "forward", *how),
            Strategy("mjp", "reverse", *how),
            Strategy("hessian", None, *how, order="forward_over_reverse"),
            Strategy("hvp", None, *how, order="forward_over_reverse"),
        )
    ),
    *(
        Strategy(quantity, None, "vmap", order=order)
        for quantity in ("hessian", "hvp")
        for order in ORDERS[1:]
    ),
]
FOLDED: list[Strategy] = [
    Strategy("jacobian", "forward", "folded"),
    Strategy("jacobian", "reverse", "folded"),
    Strategy("hessian", None, "folded", order="forward_over_reverse"),
]
COLORED: list[Strategy] = [
    Strategy("jacobian", "forward", "colored"),
    Strategy("jacobian", "reverse", "colored", 2),
    Strategy("jacobian", "linearize", "colored"),
    Strategy("jacobian", "mixed", "colored", 3),
    Strategy("hessian", None, "colored", order="forward_over_reverse"),
    Strategy("hessian", None, "colored", 2, order="linearize"),
]
Cases = dict[str, dict[str, Any]]


def case(strategy: Strategy, scene: str, note: str = "", **options: Any) -> Cases:
    """One script to run, under a name that says which it is."""
    pytree = scene.startswith("nested")
    code = snippet(strategy, pytree=pytree, **options)
    name = " ".join(filter(None, [strategy.quantity, strategy.name, "of", scene, note]))
    return {
        name: {
            "scene": scene,
            "quantity": strategy.quantity,
            "many": strategy.batching is not None,
            "bcoo": options.get("output") == "bcoo",
            "matrix": "# the matrix" in code,
            "code": code,
        }
    }


def run(cases: Cases) -> dict[str, float | str]:
    """Run the scripts in one process of their own, and say which were wrong."""
    root = Path(__file__).parents[2]
    answer = subprocess.run(
        [sys.executable, str(root / "tests/core/code_scenes.py")],
        input=json.dumps(cases),
        env={**os.environ, "PYTHONPATH": str(root), "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answers = json.loads(answer.stdout)
    assert answers.keys() == cases.keys()
    return {
        name: error
        for name, error in answers.items()
        if isinstance(error, str) or not error < 1e-13
    }


def assert_short(cases: Cases) -> None:
    """At most 30 lines of at most 100 characters, Python, and no word of jacoscope."""
    for name, each in cases.items():
        code = each["code"]
        compile(code, name, "exec")
        lines = code.splitlines()
        assert len(lines) <= 30, code
        assert max(map(len, lines)) <= 100, code
        assert "jacoscope" not in code


def dense_cases(strategies: list[Strategy], *, pytree: bool) -> Cases:
    cases: Cases = {}
    for strategy in strategies:
        scene = "scalar" if strategy.quantity in ("hessian", "hvp") else "arrays"
        cases |= case(strategy, f"nested {scene}" if pytree else scene)
    return cases


def test_dense_ones_are_right() -> None:
    cases = dense_cases([*DENSE, *FOLDED], pytree=False) | dense_cases(FOLDED, pytree=True)
    pytrees = [each for each in DENSE if each.chunk_size == 4 or each.builtin is not None]
    cases |= dense_cases(pytrees, pytree=True)
    for mode in ("forward", "linearize", "reverse"):
        for scene in ("tall", "wide"):
            cases |= case(Strategy("jacobian", mode, "chunked", 2), scene)
    cases |= case(Strategy("jacobian", "reverse", "vmap"), "branching", jit=False)
    assert_short(cases)
    assert run(cases) == {}


@pytest.mark.slow
def test_every_dense_one_is_right() -> None:
    chunked = [
        Strategy(quantity, None, "chunked", 4, order=order)
        for quantity in ("hessian", "hvp")
        for order in ORDERS
    ]
    cases = dense_cases(chunked, pytree=False) | dense_cases([*DENSE, *chunked], pytree=True)
    assert_short(cases)
    assert run(cases) == {}


def sparse_scenes(strategy: Strategy) -> tuple[str, ...]:
    """The functions of `code_scenes` on which a colored strategy is tried; the first is small."""
    if strategy.mode == "mixed":
        return ("arrow", "fan", "nested arrow")
    stem = "energy" if strategy.quantity == "hessian" else "chain"
    return (stem, f"long {stem}", f"nested {stem}")


def with_colors(strategy: Strategy, scene: str, known: Any = "proven") -> Strategy:
    """The strategy with its coloring, of a pattern that is known in that way."""
    made = with_coloring(strategy, *SCENES[scene]())
    assert made.coloring is not None
    pattern = replace(made.coloring.pattern, known=known)
    return replace(made, coloring=replace(made.coloring, pattern=pattern))


def test_colored_ones_are_right(x64: None) -> None:
    require_asdex()
    cases: Cases = {}
    for strategy in COLORED:
        small = sparse_scenes(strategy)[0]
        if strategy.mode != "mixed":
            cases |= case(with_colors(strategy, small), small, "carried")
            assert "asdex" not in next(reversed(cases.values()))["code"]
        cases |= case(strategy, small)
    cases |= case(with_colors(COLORED[0], "long chain", "given"), "long chain", "given")
    cases |= case(with_colors(COLORED[0], "rounded"), "rounded")
    assert_short(cases)
    assert run(cases) == {}


@pytest.mark.slow
def test_every_colored_one_is_right(x64: None) -> None:
    require_asdex()
    cases: Cases = {}
    for strategy in COLORED:
        for scene in sparse_scenes(strategy):
            if scene != "fan":  # where it takes a coloring to see that columns are to be apart
                cases |= case(strategy, scene)
            for known in ("proven", "given", "probed"):
                colored = with_colors(strategy, scene, known)
                cases |= case(colored, scene, known)
                cases |= case(colored, scene, f"{known}, into BCOO", output="bcoo")
    for scene in ("rounded", "reversed"):
        strategy = COLORED[1 if scene == "reversed" else 0]
        for output in ("dense", "bcoo"):
            cases |= case(with_colors(strategy, scene), scene, output, output=output)
    assert_short(cases)
    assert run(cases) == {}


def test_every_planned_strategy_has_code() -> None:
    for quantity in get_args(Quantity):
        for strategy in plan(quantity, 999, 999, 1, (8, 64, 256)):
            for pytree in (False, True):
                assert_short({strategy.name: {"code": snippet(strategy, pytree=pytree)}})


def test_a_name_is_as_good_as_its_strategy() -> None:
    assert snippet("reverse/chunked/64") == snippet(Strategy("jacobian", "reverse", "chunked", 64))
    order = Strategy("hvp", order="reverse_over_forward")
    assert snippet(order.name, quantity="hvp") == snippet(order)
    with pytest.raises(ValueError, match="There is no strategy 'fast' for the quantity jacobian"):
        snippet("fast")


def test_the_code_reads_well() -> None:
    assert snippet(Strategy("jacobian", "reverse", "chunked", 64), f="model.apply") == (
        """\
import jax
import jax.numpy as jnp

# reverse/chunked/64: one VJP a row, 64 at a time, put into J in place.
@jax.jit
def jacobian(x):
    y, pullback = jax.vjp(model.apply, x)
    n, chunk = y.size, min(64, y.size)

    def row(i):
        u = (jnp.arange(y.size) == i).astype(y.dtype).reshape(y.shape)
        return pullback(u)[0]

    def step(k, J):
        start = jnp.minimum(k * chunk, n - chunk)  # the last one moves back to fit
        rows = jax.vmap(row)(start + jnp.arange(chunk))
        return jax.lax.dynamic_update_slice_in_dim(J, rows, start, axis=0)

    J = jax.lax.fori_loop(0, -(-n // chunk), step, jnp.zeros((n, *x.shape), x.dtype))
    return J.reshape(y.shape + x.shape)

J = jacobian(x)
"""
    )


@pytest.mark.parametrize("f", ["jacobian", "row", "lambda x: 2 * x", "parts[0]", "x", "y.f"])
@pytest.mark.parametrize("x", ["x", "J", "point['w']", "2.0 * u"])
def test_names_that_mean_something_in_the_code_get_another(f: str, x: str) -> None:
    point = jnp.arange(3.0)
    names = {"jacobian": jnp.sin, "row": jnp.sin, "parts": [jnp.sin], "point": {"w": point}}
    names |= {"x": point, "J": point, "u": point, "y": type("y", (), {"f": jnp.sin})}
    if f == "x":
        names["x"], x = jnp.sin, "J"
    expected = jax.jacrev(eval(f, dict(names)))(eval(x, dict(names)))
    exec(snippet(Strategy("jacobian", "reverse", "loop"), f=f, x=x), names)
    np.testing.assert_allclose(names["J"], expected, rtol=1e-6)


def test_a_preamble_stands_below_all_imports() -> None:
    preamble = """
from math import pi
import jax.numpy as jnp

def f(x):
    return pi * x

x = jnp.ones(2)
"""
    code = snippet(Strategy("jacobian", "forward", "vmap"), preamble=preamble)
    assert code.startswith(
        "import jax\nimport jax.numpy as jnp\nfrom math import pi\n\ndef f(x):\n"
    )
    names: dict[str, Any] = {}
    exec(code, names)
    np.testing.assert_allclose(names["J"], np.pi * np.eye(2), rtol=1e-6)


def test_what_can_not_be_written_is_refused() -> None:
    dense = Strategy("jacobian", "forward", "vmap")
    with pytest.raises(ValueError, match="`f` must be a Python expression, but got 'def f'"):
        snippet(dense, f="def f")
    with pytest.raises(ValueError, match="`x` must be a Python expression, but got ''"):
        snippet(dense, x="")
    with pytest.raises(ValueError, match="goes with a colored strategy, but got forward/vmap"):
        snippet(dense, output="bcoo")
    with pytest.raises(ValueError, match="`output` must be one of dense, bcoo, but got 'csr'"):
        snippet(dense, output="csr")  # type: ignore[arg-type]
