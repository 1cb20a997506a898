"""A strategy as code to keep: a short script in plain JAX that does not import jacoscope.

What `jacoscope.jacobian` and its like do is written anew here, for one strategy and without the
cases that it does not meet, in as few lines as a reader would write by hand.
"""

from __future__ import annotations

import ast
import re
from typing import get_args

from ._code_parts import imports_of
from ._colored_code import colored_code
from ._decompression import Output
from ._dense_code import dense_code
from ._folded_code import folded_code
from ._product_code import product_code
from ._sharded_code import sharded_code
from ._strategy import Quantity, Strategy, named

_CALLS = {
    "jacobian": "J = jacobian({x})",
    "hessian": "H = hessian({x})",
    "jmp": "JV = jmp({x}, V)",
    "mjp": "UJ = mjp({x}, U)",
}


def snippet(
    strategy: Strategy | str,
    *,
    quantity: Quantity = "jacobian",
    f: str = "f",
    x: str = "x",
    preamble: str = "",
    output: Output = "dense",
    pytree: bool = False,
    jit: bool = True,
) -> str:
    """Write a strategy as a script in plain JAX, of at most 30 lines besides `preamble`.

    It defines one function, `jacobian(x)`, `hessian(x)`, `hvp(x, v)`, `jmp(x, V)` or
    `mjp(x, U)`, and calls it. Where an HVP's strategy has a batching, it is `hvp(x, V)` with k
    vectors. A colored strategy carries its pattern where that is small, and else calls asdex.

    Args:
        strategy: What to write: a strategy, or its name as a study has it. A colored one without
            its coloring leaves that to asdex.
        quantity: What a strategy that is given by its name is for.
        f: How the script calls the function: a name, or an expression that gives it.
        x: How it calls the point, likewise.
        preamble: Lines that define both, put below the imports; also `v`, `V` or `U`, and
            `sparsity` where the comment asks for it.
        output: `dense`; of a colored strategy also `bcoo`.
        pytree: Whether `x` or `f(x)` is a pytree. The result has `jax.jacfwd`'s structure then,
            too; without, the script is shorter and takes arrays of any shape.
        jit: Whether the function is jitted; False where `f` branches on values.

    Returns:
        The script, with a newline at its end.

    Raises:
        ValueError: `f` or `x` is no Python expression, `output` does not go with the strategy, no
            strategy is called so, or devices share it and it is colored or of pytrees.

    >>> print(snippet("jax.jacfwd", f="model"))
    import jax
    <BLANKLINE>
    # jax.jacfwd: one JVP a column, all at once.
    jacobian = jax.jit(jax.jacfwd(model))
    <BLANKLINE>
    J = jacobian(x)
    <BLANKLINE>
    """
    if isinstance(strategy, str):
        strategy = named(quantity, strategy)
    if output not in get_args(Output):
        raise ValueError(f"`output` must be one of dense, bcoo, but got {output!r}.")
    if output == "bcoo" and strategy.batching != "colored":
        raise ValueError(f"`output='bcoo'` goes with a colored strategy, but got {strategy.name}.")
    for name, text in (("f", f), ("x", x)):
        if not _is_expression(text):
            raise ValueError(f"`{name}` must be a Python expression, but got {text!r}.")
    taken = {"f", "x", *_bound(_code(strategy, "f", "x", output, pytree, jit))}
    function = "f" if f != "f" and _clashes(f, taken) else f
    point = "x" if x != "x" and _clashes(x, taken) else x
    renamed = [(new, old) for new, old in ((function, f), (point, x)) if new != old]
    aliases = [" = ".join(map(", ".join, zip(*renamed, strict=True)))] if renamed else []
    code = _code(strategy, function, point, output, pytree, jit)
    head, rest = _split(preamble)
    parts = [
        _ordered([*imports_of(code), *head]),
        [*rest, *aliases],
        code,
        [_call(strategy, point)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _code(strategy: Strategy, f: str, x: str, output: Output, pytree: bool, jit: bool) -> list[str]:
    if strategy.sharded:
        return sharded_code(strategy, f, pytree=pytree)
    if strategy.batching == "colored":
        return colored_code(strategy, f, x, output=output, pytree=pytree, jit=jit)
    if strategy.batching == "folded":
        return folded_code(strategy, f, x)
    if strategy.quantity in ("jacobian", "hessian"):
        return dense_code(strategy, f, pytree=pytree, jit=jit)
    return product_code(strategy, f, pytree=pytree, jit=jit)


def _call(strategy: Strategy, x: str) -> str:
    if strategy.quantity == "hvp":
        return f"Hv = hvp({x}, v)" if strategy.batching is None else f"HV = hvp({x}, V)"
    return _CALLS[strategy.quantity].format(x=x)


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _bound(code: list[str]) -> set[str]:
    """Return every name that the code binds: it would mean something else there."""
    bound: set[str] = set()
    for node in ast.walk(ast.parse("\n".join(code))):
        if isinstance(node, ast.FunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    return bound


def _clashes(text: str, taken: set[str]) -> bool:
    """Whether an expression needs a name of its own: no dotted name, or one that is taken."""
    dotted = re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", text)
    return dotted is None or text.partition(".")[0] in taken


def _split(preamble: str) -> tuple[list[str], list[str]]:
    """Split a preamble into the imports that it begins with, and the rest."""
    lines = preamble.strip("\n").splitlines()
    count = 0
    while count < len(lines) and re.match(r"(import|from)\s[^(\\]*$|\s*$", lines[count]):
        count += 1
    return [line for line in lines[:count] if line.strip()], lines[count:]


def _ordered(imports: list[str]) -> list[str]:
    """Sort imports as isort does: `import` before `from`, each line once."""
    return sorted(set(imports), key=lambda line: (line.startswith("from"), line.lower()))
