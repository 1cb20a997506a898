"""Code for a sparse Jacobian or Hessian: its pattern and colors carried with it, or by asdex.

A pattern of at most 64 columns is written down where the script stays within its lines: that
needs no asdex. A larger one asdex finds anew, or colors as it is given.
"""

from __future__ import annotations

from typing import assert_never

from ._code_parts import (
    MOST_LINES,
    Pass,
    blocks,
    comment,
    defined,
    first_order,
    length,
    literal,
    second_order,
)
from ._coloring import Coloring
from ._decompression import Output
from ._mixed_code import about_pattern, mixed_code, reads_f, sparsity_lines
from ._pattern import Known
from ._strategy import Strategy

_CARRIED_COLUMNS = 64
_HESSIAN_MODES = {
    "forward_over_reverse": "fwd_over_rev",
    "reverse_over_forward": "rev_over_fwd",
    "reverse_over_reverse": "rev_over_rev",
}


def colored_code(
    strategy: Strategy, f: str, x: str, *, output: Output, pytree: bool, jit: bool
) -> list[str]:
    """Write a colored Jacobian or Hessian.

    Args:
        strategy: A colored one; without its coloring asdex finds it.
        f: The name of the function.
        x: The name of the point, for asdex to see its shape.
        output: `dense` or `bcoo`.
        pytree: Whether `x` or `f(x)` is one.
        jit: Whether it is jitted.
    """
    coloring = strategy.coloring
    if strategy.mode == "mixed" and (coloring is None or _two_sided(coloring)):
        return mixed_code(strategy, f, x, output=output, pytree=pytree, jit=jit)
    if coloring is not None and output == "dense" and _is_small(coloring):
        code = _carried(strategy, coloring, f, pytree=pytree, jit=jit)
        if length(code) <= MOST_LINES:
            return code
    if "linearize" in (strategy.mode, strategy.order):
        return _linearized(strategy, f, x, output=output, pytree=pytree, jit=jit)
    return _by_asdex(strategy, f, x, output=output, pytree=pytree, jit=jit)


def _two_sided(coloring: Coloring) -> bool:
    return coloring.columns is not None and coloring.rows is not None


def _is_small(coloring: Coloring) -> bool:
    return coloring.pattern.shape[1] <= _CARRIED_COLUMNS and coloring.pattern.nnz > 0


def _carried(
    strategy: Strategy, coloring: Coloring, f: str, *, pytree: bool, jit: bool
) -> list[str]:
    """Write the entries and the colors down."""
    hessian, by_rows = strategy.quantity == "hessian", coloring.rows is not None
    i, j = coloring.pattern.rows, coloring.pattern.cols
    if hessian:  # each pair once, (i, j) being read from the product of j's color
        once = i <= j
        i, j = coloring.place[once], (i + j - coloring.place)[once]
    seeds = coloring.rows if by_rows else coloring.columns
    assert seeds is not None
    shape = tuple(map(int, coloring.pattern.shape))
    name, whole = strategy.quantity, _whole(strategy)
    line, read = ("row", "colors[i], j") if by_rows else ("column", "colors[j], i")
    filled = ".at[i, j].set(data)" + (".at[j, i].set(data)" if hessian else "")
    made = _pass(strategy, f, by_rows=by_rows)
    body = [
        *_setup(strategy, made, f, pytree=pytree),
        *_product(made, by_rows=by_rows, pytree=pytree),
        "",
        f"data = {_applied(strategy, str(seeds.count))}[{read}]",
        f"{whole} = jnp.zeros({shape}, data.dtype){filled}",
        *_returned(strategy, pytree=pytree),
    ]
    entries = "Entries (i, j) and (j, i)" if hessian else "Entries (i, j)"
    about = f"one pass a color of {line}s, {seeds.count} in all; each entry stands alone in one"
    return [
        *comment(
            f"{strategy.name}: {about}.", f"{entries} {_known_words(coloring.pattern.known)}."
        ),
        *literal("i", i),
        *literal("j", j),
        *literal("colors", seeds.colors, f"  # of the {line}s"),
        "",
        *defined(name, "x", body, jit=jit),
    ]


def _known_words(known: Known) -> str:
    match known:
        case "proven":
            return "may be nonzero at any x of this shape, others never"
        case "given":
            return "are as given"
        case "probed":
            return "were nonzero at one x: right there only"
        case never:
            assert_never(never)


def _whole(strategy: Strategy) -> str:
    return "H" if strategy.quantity == "hessian" else "J"


def _pass(strategy: Strategy, f: str, *, by_rows: bool) -> Pass:
    if strategy.quantity == "hessian":
        return second_order(strategy.order or "forward_over_reverse", f)
    return first_order("reverse" if by_rows else strategy.mode or "forward", f)


def _setup(strategy: Strategy, made: Pass, f: str, *, pytree: bool) -> list[str]:
    """Return the lines after which the shape of f(x) is known, and how to flatten."""
    lines, hessian = list(made.setup), strategy.quantity == "hessian"
    if pytree:
        lines.append("flat, unravel = ravel_pytree(x)")
        if not hessian:
            lines.append(f"flat_y, unravel_y = ravel_pytree({'y' if made.knows_y else f'{f}(x)'})")
    elif not hessian and not made.knows_y:
        lines.append(f"y = jax.eval_shape({f}, x)")
    return [*lines, ""] if lines else []


def _product(made: Pass, *, by_rows: bool, pytree: bool) -> list[str]:
    """Return the function of a color: the product with the sum of its basis vectors."""
    vector, like = ("u", "y") if by_rows else ("v", "x")
    seed = f"(colors == c).astype({like}.dtype).reshape({like}.shape)"
    product = f"jnp.ravel({made.product})"
    if pytree:
        flat, unravel = ("flat_y", "unravel_y") if by_rows else ("flat", "unravel")
        seed = f"{unravel}((colors == c).astype({flat}.dtype))"
        product = f"ravel_pytree({made.product})[0]"
    return ["def product(c):", f"    {vector} = {seed}", f"    return {product}"]


def _applied(strategy: Strategy, count: str) -> str:
    if strategy.chunk_size is None:
        return f"jax.vmap(product)(jnp.arange({count}))"
    return f"jax.lax.map(product, jnp.arange({count}), batch_size={strategy.chunk_size})"


def _returned(strategy: Strategy, *, pytree: bool) -> list[str]:
    hessian, whole = strategy.quantity == "hessian", _whole(strategy)
    if not pytree:
        return [f"return {whole}.reshape({'x' if hessian else 'y'}.shape + x.shape)"]
    unravel, like = ("unravel", "jax.hessian") if hessian else ("unravel_y", "jax.jacfwd")
    return [
        "",
        *blocks("flat.size"),
        "",
        f"return jax.tree.map(blocks, jax.vmap({unravel}, -1, -1)({whole}))  # as {like}'s",
    ]


def _by_asdex(
    strategy: Strategy, f: str, x: str, *, output: Output, pytree: bool, jit: bool
) -> list[str]:
    """Have asdex color and multiply; it knows pytrees."""
    kind = strategy.quantity
    options = f'output_format="{output}"'
    if strategy.chunk_size is not None:
        options += f", chunk_size={strategy.chunk_size}"
    made = f"asdex.{kind}_from_coloring({f}, coloring, {options})"
    return [
        *_asdex_coloring(strategy, f, x, pytree=pytree),
        f"{kind} = {f'jax.jit({made})' if jit else made}",
    ]


def _linearized(
    strategy: Strategy, f: str, x: str, *, output: Output, pytree: bool, jit: bool
) -> list[str]:
    """Have asdex color and decompress; it has no products of one linearization."""
    whole, made = _whole(strategy), _pass(strategy, f, by_rows=False)
    compressed = _applied(strategy, "coloring.num_colors")

    def code(returned: list[str] | None) -> list[str]:
        decompressed = f'asdex.decompress(B, coloring, "{output}")'
        body = [
            *_setup(strategy, made, f, pytree=pytree),
            *_product(made, by_rows=False, pytree=pytree),
            "",
            f"B = {compressed}",
            *(
                [f"return {decompressed}  # the matrix, over all of f(x) and x"]
                if returned is None
                else [f"{whole} = {decompressed}", *returned]
            ),
        ]
        return [
            *_asdex_coloring(strategy, f, x, pytree=pytree),
            "colors = jnp.asarray(coloring.colors)",
            "",
            *defined(strategy.quantity, "x", body, jit=jit),
        ]

    structured = code(_returned(strategy, pytree=pytree))
    if not pytree or (output == "dense" and length(structured) <= MOST_LINES):
        return structured
    return code(None)


def _asdex_coloring(strategy: Strategy, f: str, x: str, *, pytree: bool) -> list[str]:
    """Return the lines that have asdex color what it reads itself, or the pattern it is given."""
    kind = strategy.quantity
    if kind == "hessian":
        mode, what = _HESSIAN_MODES.get(strategy.order or "", "fwd_over_rev"), "one HVP a color"
    else:
        mode = "rev" if strategy.mode == "reverse" else "fwd"
        one = "linear pass" if strategy.mode == "linearize" else "JVP"
        what = "one VJP a color of rows" if mode == "rev" else f"one {one} a color of columns"
    lines = [f'coloring = asdex.{kind}_coloring({f}, {x}, mode="{mode}")']
    if not reads_f(strategy):
        made = sparsity_lines(strategy, f, x, flat=pytree)
        entries = "*entries, sparsity.shape"
        ravel = pytree and "flat" in " ".join(made)
        lines = [
            *([f"flat, unravel = ravel_pytree({x})"] if ravel else []),
            *made,
            *(["sparsity = (sparsity != 0) | (sparsity.T != 0)"] if kind == "hessian" else []),
            f"entries, avals = np.nonzero(sparsity), (jax.eval_shape(lambda: {x}),)",
            f"pattern = asdex.SparsityPattern.from_coo({entries}, input_avals=avals)",
            f'coloring = asdex.{kind}_coloring_from_sparsity(pattern, mode="{mode}")',
        ]
    return [*comment(f"{strategy.name}: {what}.", about_pattern(strategy)), *lines]
