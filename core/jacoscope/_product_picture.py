"""What products do to vectors, as plain data: at most 512 numbers of each, with names and norms."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from ._direction import BASIS, Direction, direction
from ._failure import Failure
from ._hessian import Order
from ._picture import names_of, reduced, step_of
from ._plane_picture import draw_plane
from ._products_at import Product, ProductsAt
from ._space import Space

_LARGEST_LISTED = 8
_FEW = 64  # that are sorted as they are


def draw_products(
    at: ProductsAt,
    *,
    part: str = "vectors",
    tangent: Mapping[str, Any] = BASIS,
    cotangent: Mapping[str, Any] = BASIS,
    radius: float = 0.5,
    device: str | None = None,
) -> dict[str, Any]:
    """Push a tangent forward and pull a cotangent back, or apply the Hessian in all its orders.

    Args:
        at: The function at its point.
        part: `vectors`: v, ∂f(x) v, u, ∂f(x)ᵀ u and both inner products. `orders`: ∂²f(x) v.
        tangent: The choice of v; see `direction`.
        cotangent: The choice of u.
        radius: Of the circle around x that `f` itself takes somewhere, for a map of the plane.
        device: Where; `at` has it already.

    Returns:
        Plain data with arrays.

    Raises:
        ValueError: The part or a choice is unknown.
    """
    del device
    match part:
        case "vectors":
            return _vectors(at, direction(tangent, at.inputs), direction(cotangent, at.outputs),
                            radius)  # fmt: skip
        case "orders":
            return _orders(at, direction(tangent, at.inputs))
        case _:
            raise ValueError(f"`part` must be vectors or orders, but got {part!r}.")


def _vectors(at: ProductsAt, v: Direction, u: Direction, radius: float) -> dict[str, Any]:
    pushed, pulled = at.push(v.row), at.pull(u.row)
    y = next((each[0] for each in (pushed, pulled) if not isinstance(each, Failure)), None)
    square = at.inputs.size == at.outputs.size == 2
    return {
        "n_in": at.inputs.size,
        "n_out": at.outputs.size,
        "scalar": at.scalar,
        "dtype": at.dtype,
        "x_names": _names(at.inputs),
        "y_names": _names(at.outputs),
        "x": _vector(at.x, at.inputs),
        "y": None if y is None else _vector(y, at.outputs),
        "tangent": _chosen(v, at.inputs),
        "cotangent": _chosen(u, at.outputs),
        "pushed": _result(pushed, at.outputs),
        "pulled": _result(pulled, at.inputs),
        "forward_message": _message(pushed),
        "reverse_message": _message(pulled),
        "through_linear_part": at.through_linear_part,
        **_inner_products(at, v.row, u.row, pushed, pulled),
        "plane": draw_plane(at, radius) if square else None,
    }


def _inner_products(
    at: ProductsAt,
    v: np.ndarray,
    u: np.ndarray,
    pushed: Product | Failure,
    pulled: Product | Failure,
) -> dict[str, float | None]:
    """⟨u, ∂f v⟩ and ⟨∂fᵀ u, v⟩, which are one number but for rounding, and how much that may be."""
    v, u = _rounded(v, at.inputs), _rounded(u, at.outputs)
    forward = None if isinstance(pushed, Failure) else float(u @ pushed[1])
    reverse = None if isinstance(pulled, Failure) else float(pulled[1] @ v)
    difference = rounding = None
    if not isinstance(pushed, Failure) and not isinstance(pulled, Failure):
        assert forward is not None
        assert reverse is not None
        norm = np.linalg.norm
        largest = max(norm(u) * norm(pushed[1]), norm(pulled[1]) * norm(v))
        difference = abs(forward - reverse)
        rounding = max(at.inputs.eps, at.outputs.eps) * float(largest)
    return {
        "inner_forward": forward,
        "inner_reverse": reverse,
        "difference": difference,
        "rounding": rounding,
    }


def _orders(at: ProductsAt, v: Direction) -> dict[str, Any]:
    found = {order: at.hessian_push(order, v.row) for order in get_args(Order)}
    good = {name: row for name, row in found.items() if not isinstance(row, Failure)}
    first = next(iter(good.values()), None)
    pairs = itertools.combinations(good.values(), 2)
    return {
        "n_in": at.inputs.size,
        "tangent": _chosen(v, at.inputs),
        "x_names": _names(at.inputs),
        "eps": at.inputs.eps,
        "product": None if first is None else _vector(first, at.inputs),
        "largest_difference": max((_difference(a, b) for a, b in pairs), default=None),
        "orders": [
            {
                "order": name,
                "difference": None
                if isinstance(row, Failure) or first is None
                else _difference(row, first),
                "message": _message(row),
            }
            for name, row in found.items()
        ],
    }


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of two vectors, relative to the largest number in them."""
    scale = max((float(np.abs(each).max()) for each in (a, b) if each.size), default=0.0)
    return float(np.abs(a - b).max()) / scale if scale else 0.0


def _chosen(chosen: Direction, space: Space) -> dict[str, Any]:
    vector = _vector(_rounded(chosen.row, space), space)
    return {**vector, "choice": dict(chosen.choice), "note": chosen.note}


def _rounded(row: np.ndarray, space: Space) -> np.ndarray:
    """The vector as JAX gets it: in the dtypes of the space."""
    return space.row(space.tree(row))


def _result(product: Product | Failure, space: Space) -> dict[str, Any] | None:
    return None if isinstance(product, Failure) else _vector(product[1], space)


def _vector(row: np.ndarray, space: Space) -> dict[str, Any]:
    """A vector as it is drawn: `values` at most 512, the largest of each block of `step`."""
    step = step_of(row.size)
    sizes = np.nan_to_num(np.abs(row), nan=np.inf)
    some = np.argpartition(-sizes, _LARGEST_LISTED)[:_LARGEST_LISTED] if row.size > _FEW else ...
    largest = np.arange(row.size)[some]
    largest = sorted(largest, key=lambda i: (-sizes[i], i))[:_LARGEST_LISTED]
    return {
        "values": reduced(row[None], 1, step)[0],
        "step": step,
        "norm": float(np.linalg.norm(row)),
        "nonzero": int(np.count_nonzero(row)),
        "odd": int(row.size - np.count_nonzero(np.isfinite(row))),
        "largest": [[space.name(int(i)), float(row[i])] for i in largest],
    }


def _names(space: Space) -> list[str]:
    return names_of(space.name, space.size, step_of(space.size))


def _message(product: Any) -> str:
    return product.message if isinstance(product, Failure) else ""
