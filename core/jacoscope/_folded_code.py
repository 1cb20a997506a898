"""Code for a folded Jacobian or Hessian: JAX's own, less what does not depend on the point."""

from __future__ import annotations

from ._code_parts import comment, defined
from ._strategy import Strategy

_BUILTIN = {"forward": "jax.jacfwd", "reverse": "jax.jacrev", "linearize": "jax.jacfwd"}
_LINE = {"jax.jacfwd": "one JVP a column", "jax.jacrev": "one VJP a row"}


def folded_code(strategy: Strategy, f: str, x: str) -> list[str]:
    """Write a folded strategy; it takes arrays and pytrees.

    Args:
        strategy: A folded one.
        f: The name of the function.
        x: The name of the point, for its shapes.
    """
    builtin = "jax.hessian" if strategy.order else _BUILTIN[strategy.mode or "forward"]
    what = _LINE.get(builtin, "one HVP a column")
    read = "[v.val if isinstance(v, Literal) else values[v] for v in {}]"
    many = "made if equation.primitive.multiple_results else [made]"
    left = [
        "values = dict(zip([*known, *whole.jaxpr.invars], [*constants, *jax.tree.leaves(x)]))",
        "for equation in rest:",
        "    run(equation, values)",
        f"results = {read.format('whole.jaxpr.outvars')}",
        "return jax.tree.unflatten(jax.tree.structure(shape), results)",
    ]
    return [
        *comment(
            f"{strategy.name}: {what}, all at once; what does not depend on x, only once.",
            f"It is not looked for inside of functions that {f} calls jitted.",
        ),
        "def run(equation, values):",
        f"    given = {read.format('equation.invars')}",
        "    made = equation.primitive.bind(*given, **equation.params)",
        f"    values.update(zip(equation.outvars, {many}))",
        "",
        f"whole, shape = jax.make_jaxpr({builtin}({f}), return_shape=True)({x})",
        "known, rest = dict(zip(whole.jaxpr.constvars, whole.consts)), []",
        "for equation in whole.jaxpr.eqns:",
        "    if all(isinstance(v, Literal) or v in known for v in equation.invars):",
        "        run(equation, known)",
        "    else:",
        "        rest.append(equation)",
        "",
        *defined("left", "constants, x", left, jit=True),
        "",
        *defined(strategy.quantity, "x", ["return left(list(known.values()), x)"], jit=False),
    ]
