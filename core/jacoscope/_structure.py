"""The structure of a derivative: where it may be other than zero, its colors, its singular values.

The pattern and the coloring are those that `batching="colored"` would use, and the compressed
matrix is what its passes give. Singular values are NumPy's, of the values at this point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from ._colored import ColoredMode, LinearPart, hessian_part, jacobian_part
from ._coloring import Coloring, color
from ._compression import compress
from ._devices import find_device
from ._failure import Failure, attempt
from ._hessian import gradient
from ._matrix import LabeledMatrix
from ._picture import auto_strategy, computed, names_of, pass_numbers, reduced, step_of
from ._point import unary
from ._sparsity import direction_of, find_pattern

MOST_WORK = 1.5e8  # multiplications of a singular value decomposition, n·m·min(n, m)
_SECOND = ("hessian", "hvp")


@dataclass(frozen=True)
class _Colored:
    """A coloring, and what its passes gave: `(n_out, passes)` and `(passes, n_in)`."""

    coloring: Coloring
    columns: np.ndarray | None
    rows: np.ndarray | None


def look_at_structure(
    f: Callable[..., Any], x: Any, *, quantity: str = "jacobian", device: str | None = None
) -> dict[str, Any]:
    """Look at the pattern, the colors and the singular values of a Jacobian or Hessian.

    Args:
        f: The function.
        x: Its point.
        quantity: What is looked at; for products, the Jacobian or Hessian they multiply with.
        device: Where it is computed, such as `cpu:0`.

    Returns:
        Plain data: sizes and labels as `draw` returns them; `colored`, None with a sentence in
        `why_not_colored`, or the number of passes, how the pattern is known, `groups`, at most
        512 × 512 with the number of the pass that each entry is read from, 0 for no entry, and
        the `compressed` matrices; `singular`, None with a sentence in `why_not_singular`, or the
        values, largest first, with the numerical rank and what counts as zero.

    Raises:
        TypeError: `f` or `x` can't be differentiated.
        ValueError: The device is unknown.
    """
    g, point = unary(f, x, 0)
    if device is not None:
        point = jax.device_put(point, find_device(device))
    matrix, _ = computed(auto_strategy(g, point, quantity), g, point)
    n_out, n_in = matrix.values.shape
    colored = attempt(lambda: _colored(g, point, quantity in _SECOND))
    rows, columns = step_of(n_out), step_of(n_in)
    return {
        "n_out": n_out,
        "n_in": n_in,
        "row_labels": names_of(matrix.row_label, n_out, rows),
        "column_labels": names_of(matrix.column_label, n_in, columns),
        "row_blocks": [list(each) for each in matrix.row_blocks],
        "column_blocks": [list(each) for each in matrix.column_blocks],
        "x_path": "inputs, x",
        "y_path": "inputs, x" if quantity in _SECOND else "outputs, f(x)",
        "symmetric": quantity in _SECOND,
        "colored": None if isinstance(colored, Failure) else _plain(colored, rows, columns),
        "why_not_colored": colored.message if isinstance(colored, Failure) else "",
        **_singular(matrix),
    }


def _colored(g: Callable[[Any], Any], x: Any, second: bool) -> _Colored:
    """Color by the mode of fewest passes that can pass the function."""
    if second:
        coloring = color(find_pattern(gradient(g), x), "symmetric")
        return _compressed(coloring, hessian_part(g, x, "forward_over_reverse"), x)
    pattern = find_pattern(g, x)
    modes: tuple[ColoredMode, ...] = ("forward", "reverse", "mixed")
    found: list[tuple[Coloring, ColoredMode]] = [
        (color(pattern, direction_of(mode)), mode) for mode in modes
    ]
    failed = ""
    for coloring, mode in sorted(found, key=lambda pair: pair[0].passes):
        made = attempt(partial(_by_mode, g, x, coloring, mode))
        if not isinstance(made, Failure):
            return made
        failed = failed or made.message
    raise ValueError(failed)


def _by_mode(g: Callable[[Any], Any], x: Any, coloring: Coloring, mode: ColoredMode) -> _Colored:
    return _compressed(coloring, jacobian_part(g, x, mode), x)


def _compressed(coloring: Coloring, part: LinearPart, x: Any) -> _Colored:
    made = compress(coloring, push=part.push, pull=part.pull, x=x, y=part.y, chunk_size=None)
    return _Colored(
        coloring,
        None if made.forward is None else np.asarray(made.forward, np.float64).T,
        None if made.reverse is None else np.asarray(made.reverse, np.float64),
    )


def _plain(colored: _Colored, rows: int, columns: int) -> dict[str, Any]:
    coloring = colored.coloring
    compressed = [
        {
            "side": side,
            "values": reduced(values, step_of(len(values)), step_of(values.shape[1])).astype(
                np.float32
            ),
            "shape": list(values.shape),
        }
        for side, values in (("columns", colored.columns), ("rows", colored.rows))
        if values is not None
    ]
    return {
        **pass_numbers(coloring, rows, columns),
        "known": coloring.pattern.known,
        "entries": coloring.pattern.nnz,
        "note": coloring.note,
        "compressed": compressed,
    }


def _singular(matrix: LabeledMatrix) -> dict[str, Any]:
    values = matrix.values
    n_out, n_in = values.shape
    if not values.size:
        return {"singular": None, "why_not_singular": "The matrix is empty."}
    if n_out * n_in * min(n_out, n_in) > MOST_WORK:
        said = f"At {n_out:,} × {n_in:,} the decomposition would take too long for a page."
        return {"singular": None, "why_not_singular": said}
    if not np.isfinite(values).all():
        said = "The matrix has values that are not finite."
        return {"singular": None, "why_not_singular": said}
    found = np.linalg.svd(np.asarray(values, np.float64), compute_uv=False)
    zero = float(found[0]) * max(n_out, n_in) * float(np.finfo(values.dtype).eps)
    return {
        "singular": {"values": found, "rank": int((found > zero).sum()), "zero": zero},
        "why_not_singular": "",
    }
