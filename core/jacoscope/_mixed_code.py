"""Code for a Jacobian colored by rows and columns: a few full lines one way, the rest the other.

asdex colors either rows or columns, so each part is a function of its own: some of the outputs of
`f` and the others, or some of its inputs and the others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

import numpy as np

from ._code_parts import MOST_LINES, comment, defined, length, literal, wrapped
from ._coloring import Coloring
from ._decompression import Output
from ._strategy import Strategy


def mixed_code(
    strategy: Strategy, f: str, x: str, *, output: Output, pytree: bool, jit: bool
) -> list[str]:
    """Write it; for a pytree the result is the matrix.

    Args:
        strategy: Of mode `mixed`; without its coloring, rows that are four times fuller than the
            median are taken in reverse.
        f: The name of the function.
        x: The name of the point.
        output: `dense` or `bcoo`.
        pytree: Whether `x` or `f(x)` is one.
        jit: Whether it is jitted.
    """
    by_rows, few = _few(strategy.coloring)
    one, other = ("row", "column") if by_rows else ("column", "row")
    first, second = ("VJP", "JVP") if by_rows else ("JVP", "VJP")
    what = f"the few full {one}s by {first}s, the rest by one {second} a color of {other}s"
    modes = ("rev", "fwd") if by_rows else ("fwd", "rev")
    if output == "dense" and _uncolored(strategy.coloring):
        parts = [
            f"full = jax.jac{modes[0]}({_part('few', by_rows=by_rows)})",
            *_sparse(strategy, "sparse = ", "rest", f'"{modes[1]}"', output, by_rows=by_rows),
        ]
    else:
        both = _sparse(strategy, "return ", "lines", "mode", output, by_rows=by_rows)
        parts = [
            "",
            *defined("part", "lines, mode", both, jit=False),
            f'full, sparse = part(few, "{modes[0]}"), part(rest, "{modes[1]}")',
        ]
    code = [
        *comment(f"{strategy.name}: {what}.", about_pattern(strategy)),
        f"flat, unravel = ravel_pytree({x})",
        f"g = jax.jit(lambda flat: ravel_pytree({f}(unravel(flat)))[0])",
        *sparsity_lines(strategy, f, x, flat=True),
        *few,
        *parts,
        "",
        *defined("jacobian", "x", _body(f, output, by_rows=by_rows, pytree=pytree), jit=jit),
    ]
    if length(code) > MOST_LINES and strategy.chunk_size is not None:  # which takes its own lines
        return mixed_code(
            replace(strategy, chunk_size=None), f, x, output=output, pytree=pytree, jit=jit
        )
    return code


def reads_f(strategy: Strategy) -> bool:
    """Whether asdex is to read `f` itself, and not to be given a pattern, `sparsity`."""
    if strategy.coloring is None:
        return True
    pattern = strategy.coloring.pattern
    return pattern.known == "proven" and pattern.through is None


def about_pattern(strategy: Strategy) -> str:
    """Say where the code has its pattern from."""
    if reads_f(strategy):
        return "asdex reads the pattern from f's code (not from custom rules), for every such x."
    assert strategy.coloring is not None
    match strategy.coloring.pattern.known:
        case "proven":
            return (
                "f has rules of its own: asdex reads the pattern from a product, for every such x."
            )
        case "given":
            return (
                "`sparsity` is yours, a NumPy matrix that is nonzero where the derivative may be."
            )
        case "probed":
            return "The pattern is read off the derivative at this x, and is right there only."
        case never:
            assert_never(never)


def sparsity_lines(strategy: Strategy, f: str, x: str, *, flat: bool) -> list[str]:
    """Return the lines that make `sparsity`; none where asdex reads `f` or it is given.

    Args:
        strategy: The strategy.
        f: The name of the function.
        x: The name of the point.
        flat: Whether `flat` and `unravel` are there, and `x` or `f(x)` may be a pytree.
    """
    if reads_f(strategy):
        return []
    assert strategy.coloring is not None
    pattern, hessian = strategy.coloring.pattern, strategy.quantity == "hessian"
    if pattern.known == "probed":
        dense = "jax.jacrev" if strategy.mode == "reverse" else "jax.jacfwd"
        dense = "jax.hessian" if hessian else dense
        if not flat:
            return [f"sparsity = np.asarray({dense}({f})({x})).reshape(-1, {x}.size) != 0"]
        y = f"{f}(unravel(flat))"
        y = y if hessian else f"ravel_pytree({y})[0]"
        return [f"sparsity = np.asarray({dense}(lambda flat: {y})(flat)) != 0"]
    g = f"jax.grad({f})" if hessian else f
    match pattern.through:
        case None:
            return []
        case "jvp":
            product = f"lambda x, v: jax.jvp({g}, (x,), (v,))[1], {x}, {x}"
        case "vjp":
            product = f"lambda x, u: jax.vjp({g}, x)[1](u)[0], {x}, {g}({x})"
        case never:
            assert_never(never)
    made = wrapped("pattern = asdex.jacobian_sparsity(", product, "argnums=1")
    turned = ".T" if pattern.through == "vjp" else ""
    return [*made, f"sparsity = pattern.todense(){turned}"]


def _few(coloring: Coloring | None) -> tuple[bool, list[str]]:
    """Return whether rows are taken apart, or else columns, and the lines that say which."""
    if coloring is None:
        return True, [
            "pattern = asdex.jacobian_sparsity(g, flat)",
            "count = np.bincount(pattern.rows, minlength=pattern.m)",
            "most = max(1, np.sum(count > 4 * np.median(count)))  # full rows",
            "few, rest = np.split(np.argsort(-count), [most])",
        ]
    pattern, by_rows = coloring.pattern, _splits_rows(coloring)
    apart = pattern.rows[coloring.by_row] if by_rows else pattern.cols[~coloring.by_row]
    return by_rows, [
        *literal("few", np.unique(apart), f"  # full {'rows' if by_rows else 'columns'}"),
        f"rest = np.setdiff1d(np.arange({int(pattern.shape[0 if by_rows else 1])}), few)",
    ]


def _splits_rows(coloring: Coloring) -> bool:
    """Whether each row is read from VJPs alone or from JVPs alone; else each column is."""
    rows, by_row = coloring.pattern.rows, coloring.by_row
    return not np.isin(rows[~by_row], rows[by_row]).any()


def _uncolored(coloring: Coloring | None) -> bool:
    """Whether none of the few lines share a color."""
    if coloring is None:
        return True
    assert coloring.rows is not None
    assert coloring.columns is not None
    seeds = coloring.rows if _splits_rows(coloring) else coloring.columns
    return seeds.count == np.count_nonzero(seeds.colors >= 0)


def _part(lines: str, *, by_rows: bool) -> str:
    """Return, as an expression, the function whose Jacobian is some lines of the whole."""
    return f"lambda x: g(x)[{lines}]" if by_rows else f"lambda z, x: g(x.at[{lines}].set(z))"


def _sparse(
    strategy: Strategy, head: str, lines: str, mode: str, output: Output, *, by_rows: bool
) -> list[str]:
    """Return the lines that have asdex color some lines of the whole; `head` begins the last."""
    part = _part(lines, by_rows=by_rows)
    at = "flat" if by_rows else f"flat[{lines}], flat"
    options = [f'"{output}"']
    if strategy.chunk_size is not None:
        options.append(f"chunk_size={strategy.chunk_size}")
    if reads_f(strategy):
        return wrapped(
            f"{head}asdex.jacobian(",
            part,
            at,
            f"mode={mode}",
            f"output_format={options[0]}",
            *options[1:],
        )
    pattern, made = f"sparsity[{lines}]", []
    if not by_rows:
        pattern = "s"
        made = [
            f"s, avals = sparsity[:, {lines}], jax.eval_shape(lambda: ({at}))",
            "s = asdex.SparsityPattern.from_coo(*np.nonzero(s), s.shape, input_avals=avals)",
        ]
    return [
        *made,
        f"colors = asdex.jacobian_coloring_from_sparsity({pattern}, mode={mode})",
        *wrapped(f"{head}asdex.jacobian_from_coloring(", part, "colors", *options),
    ]


def _body(f: str, output: Output, *, by_rows: bool, pytree: bool) -> list[str]:
    axis = 0 if by_rows else 1
    flat = "flat = ravel_pytree(x)[0]" if pytree else "flat = jnp.ravel(x)"
    parts = "full(flat), sparse(flat)"
    if not by_rows:
        parts = "full(flat[few], flat), sparse(flat[rest], flat)"
    if output == "bcoo":
        whole = "BCOO((J.data, places), shape=J.shape)"
        moved = f"jnp.concatenate([few, rest])[J.indices[:, {axis}]]"
        lines = [
            f"J = bcoo_concatenate([{parts}], dimension={axis})",
            f"places = J.indices.at[:, {axis}].set({moved})",
        ]
    else:
        whole = f"J[{'' if by_rows else ':, '}np.argsort(np.concatenate([few, rest]))]"
        lines = [f"J = jnp.concatenate([{parts}], axis={axis})"]
    if pytree:
        return [flat, *lines, f"return {whole}  # the matrix, over all of f(x) and x"]
    return [flat, *lines, f"return {whole}.reshape({f}(x).shape + x.shape)"]
