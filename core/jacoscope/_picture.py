"""What a matrix looks like: at most 512 × 512 numbers in float32, with names for its axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ._coloring import Coloring, Seeds
from ._devices import find_device
from ._matrix import Block, LabeledMatrix, as_matrix
from ._point import NEEDS_VALUES, size, unary
from ._program import program
from ._quick import quick
from ._settle import settle
from ._sparsity import with_coloring
from ._strategy import Strategy

LARGEST = 512


def draw(
    f: Callable[..., Any],
    x: Any,
    closed_form: Callable[[Any], Any] | None = None,
    *,
    quantity: str = "jacobian",
    mode: str = "auto",
    batching: str = "auto",
    chunk_size: int | None = None,
    order: str | None = None,
    device: str | None = None,
    vectors: int | None = None,
) -> dict[str, Any]:
    """Compute a derivative by one strategy and picture it as a matrix.

    Args:
        f: The function.
        x: Its point.
        closed_form: The Jacobian as a function of x, to check it against; None where unknown.
        quantity: `jacobian` or `hessian`; the products are pictured by the Jacobian or Hessian
            that they multiply with.
        mode: `forward`, `reverse`, `linearize` or `auto`.
        batching: How passes are applied, or `auto`.
        chunk_size: Passes at once, for `chunked`.
        order: The order of a Hessian.
        device: Where it is computed, such as `cpu:0`.
        vectors: How many vectors a product takes; not used in the picture.

    Returns:
        Plain data: `values`, at most 512 × 512, larger matrices reduced block by block to the
        entry of largest magnitude; sizes, labels, blocks, and the passes of each mode; and the
        `coloring`, None without, with the color of each column and row, −1 for none.

    Raises:
        TypeError: `f` or `x` can't be differentiated.
        ValueError: A word is unknown or a number is off.
    """
    del vectors
    g, point = unary(f, x, 0)
    if device is not None:
        point = jax.device_put(point, find_device(device))
    strategy = _strategy(g, point, quantity, mode, batching, chunk_size, order)
    second = strategy.quantity == "hessian"
    matrix, error = computed(strategy, g, point, closed_form)
    n_out, n_in = matrix.values.shape
    passes = strategy.passes(n_in, n_out, 1)
    values = np.asarray(matrix.values, np.float64)
    rows, columns = step_of(n_out), step_of(n_in)
    finite = values[np.isfinite(values)]
    return {
        "values": reduced(values, rows, columns).astype(np.float32),
        "n_out": n_out,
        "n_in": n_in,
        "reduced": rows > 1 or columns > 1,
        "row_labels": names_of(matrix.row_label, n_out, rows),
        "column_labels": names_of(matrix.column_label, n_in, columns),
        "row_blocks": [list(each) for each in _renamed(matrix.row_blocks, second)],
        "column_blocks": [list(each) for each in matrix.column_blocks],
        "x_path": "inputs, x",
        "y_path": "inputs, x" if second else "outputs, f(x)",
        "mode": strategy.direction or "forward",
        "strategy": strategy.name,
        "group": strategy.group(passes),
        "coloring": None
        if strategy.coloring is None
        else {
            **pass_numbers(strategy.coloring, rows, columns),
            "columns": _colors(strategy.coloring.columns),
            "rows": _colors(strategy.coloring.rows),
        },
        "passes_forward": n_in,
        "passes_reverse": n_out,
        "max_abs": float(np.abs(finite).max()) if finite.size else 0.0,
        "nan_count": int(np.isnan(values).sum()),
        "inf_count": int(np.isinf(values).sum()),
        "closed_form_error": error,
        "pytree": not all(
            isinstance(each, jax.Array | jax.ShapeDtypeStruct)
            for each in (point, point if second else _output(g, point))
        ),
    }


def pass_numbers(coloring: Coloring, rows: int, columns: int) -> dict[str, Any]:
    """Return from which pass each entry of a pattern is read, JVPs first.

    Args:
        coloring: The coloring.
        rows: Rows that one drawn row stands for.
        columns: Columns that one drawn column stands for.

    Returns:
        `groups`, (r, c) with the number of the pass, 0 for no entry; `passes`, and how many of
        them are by columns and `by_row`.
    """
    pattern = coloring.pattern
    n_out, n_in = pattern.shape
    by_column = 0 if coloring.columns is None else coloring.columns.count
    number = 1 + np.asarray(coloring.lane) + np.where(coloring.by_row, by_column, 0)
    groups = np.zeros((-(-n_out // rows), -(-n_in // columns)), np.int32)
    np.maximum.at(groups, (pattern.rows // rows, pattern.cols // columns), number)
    return {
        "groups": groups,
        "passes": coloring.passes,
        "by_column": by_column,
        "by_row": coloring.passes - by_column,
    }


def _colors(seeds: Seeds | None) -> np.ndarray | None:
    return None if seeds is None else np.asarray(seeds.colors)


def auto_strategy(f: Any, x: Any, quantity: str) -> Strategy:
    """Return the strategy that a picture of this quantity is computed by, without a wish."""
    return _strategy(f, x, quantity, "auto", "auto", None, None)


def computed(
    strategy: Strategy,
    g: Callable[[Any], Any],
    x: Any,
    closed_form: Callable[[Any], Any] | None = None,
) -> tuple[LabeledMatrix, float | None]:
    """Compute a derivative as a matrix.

    Returns:
        The matrix, and its largest difference from the closed form, relative to the largest
        entry; None without one, and for a Hessian.
    """
    second = strategy.quantity == "hessian"
    compute = program(strategy, g)
    result, closed = _run(
        lambda x: (compute(x), closed_form(x) if closed_form and not second else None), x
    )
    y = x if second else _output(g, x)
    matrix = as_matrix(result, y, x)
    return matrix, _closed_form_error(closed, x, y, np.asarray(matrix.values, np.float64))


def _strategy(
    f: Any, x: Any, quantity: str, mode: str, batching: str, chunk: int | None, order: str | None
) -> Strategy:
    how: Any = (None if chunk is None else "chunked") if batching == "auto" else batching
    chunk = chunk if how == "chunked" else None
    if how == "chunked" and chunk is None:
        chunk = 8
    if quantity in ("hessian", "hvp"):
        chosen: Any = order or "forward_over_reverse"
        asked = Strategy("hessian", None, how, chunk, chosen)
        if how == "colored":
            return with_coloring(asked, f, x)
        return settle(asked, f, x, open_order=False)
    if quantity in ("jmp", "mjp"):
        mode = "forward" if quantity == "jmp" else "reverse"
    given: Any = None if mode == "auto" else mode
    asked = Strategy("jacobian", given, how, chunk)
    return with_coloring(asked, f, x) if how == "colored" else settle(asked, f, x)


def _run(function: Callable[[Any], Any], x: Any) -> Any:
    """Run jitted, or eagerly where `f` needs values."""
    try:
        return jax.jit(function, compiler_options=quick(x))(x)
    except NEEDS_VALUES:
        return function(x)


def _output(f: Callable[[Any], Any], x: Any) -> Any:
    try:
        return jax.eval_shape(f, x)
    except NEEDS_VALUES:
        return f(x)


def step_of(length: int) -> int:
    """Return how many numbers one drawn number stands for."""
    return max(1, -(-length // LARGEST))


def reduced(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Keep the entry of largest magnitude of each block; NaN wins over everything."""
    for axis, step in ((0, rows), (1, columns)):
        if step == 1:
            continue
        values = np.moveaxis(values, axis, -1)
        pad = -values.shape[-1] % step
        padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, pad)])
        blocks = padded.reshape(*padded.shape[:-1], -1, step)
        magnitude = np.where(np.isnan(blocks), np.inf, np.abs(blocks))
        best = np.expand_dims(magnitude.argmax(-1), -1)
        values = np.moveaxis(np.take_along_axis(blocks, best, -1)[..., 0], -1, axis)
    return values


def names_of(label: Callable[[int], str], length: int, step: int) -> list[str]:
    """Return the names of what is drawn: of single numbers, or of blocks of `step`."""
    if step == 1:
        return [label(i) for i in range(length)]
    return [f"{label(i)} … {label(min(i + step, length) - 1)}" for i in range(0, length, step)]


def _renamed(blocks: tuple[Block, ...], second: bool) -> list[Block]:
    return [Block(f"∂/∂{b.name}", b.start, b.stop) for b in blocks] if second else list(blocks)


def _closed_form_error(closed: Any, x: Any, y: Any, values: np.ndarray) -> float | None:
    if closed is None or size(y) == 0:
        return None
    expected = np.asarray(as_matrix(closed, y, x).values, np.float64)
    scale = np.abs(expected).max()
    return float(np.abs(values - expected).max() / (scale or 1.0))
