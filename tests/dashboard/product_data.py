"""What a products job brings, for any matrix in place of a Jacobian; in NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

BASIS = {"kind": "basis", "index": 0}
OPTIONS: dict[str, Any] = {"tangent": BASIS, "cotangent": BASIS, "radius": 0.5}


def products(matrix: Any, options: Mapping[str, Any] = OPTIONS, **changes: Any) -> dict[str, Any]:
    """The vectors of a job, for `matrix`, `(n_out, n_in)`."""
    J = np.asarray(matrix, float)
    n_out, n_in = J.shape
    v, u = chosen(options["tangent"], n_in), chosen(options["cotangent"], n_out)
    x, y = [f"x[{j}]" for j in range(n_in)], [f"y[{i}]" for i in range(n_out)]
    forward, reverse = float(u @ (J @ v)), float((J.T @ u) @ v)
    return {
        "n_in": n_in,
        "n_out": n_out,
        "scalar": n_out == 1,
        "dtype": "float32",
        "x_names": x,
        "y_names": y,
        "x": vector(np.ones(n_in), x),
        "y": vector(np.ones(n_out), y),
        "tangent": {**vector(v, x), "choice": dict(options["tangent"]), "note": ""},
        "cotangent": {**vector(u, y), "choice": dict(options["cotangent"]), "note": ""},
        "pushed": vector(J @ v, y),
        "pulled": vector(J.T @ u, x),
        "forward_message": "",
        "reverse_message": "",
        "through_linear_part": False,
        "inner_forward": forward,
        "inner_reverse": reverse,
        "difference": abs(forward - reverse),
        "rounding": 1e-7,
        "plane": plane(J, options["radius"]) if J.shape == (2, 2) else None,
        **changes,
    }


def plane(J: np.ndarray, radius: float) -> dict[str, Any]:
    """The ellipse of a 2×2 matrix; what `f` makes of the circle lies on it."""
    left, singular, right = np.linalg.svd(J)
    angles = np.linspace(0, 2 * np.pi, 97)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ellipse = circle @ J.T
    return {
        "matrix": J, "singular": singular, "right": right, "left": left.T, "circle": circle,
        "ellipse": ellipse, "curve": ellipse, "radius": radius,
    }  # fmt: skip


def orders(matrix: Any, **changes: Any) -> dict[str, Any]:
    """The product of a Hessian of ones in all orders, the last of which can't be had."""
    n_in = np.shape(matrix)[1]
    names = [f"x[{j}]" for j in range(n_in)]
    words = ("forward_over_reverse", "reverse_over_forward", "reverse_over_reverse", "full_hessian")
    return {
        "n_in": n_in,
        "x_names": names,
        "eps": 1e-7,
        "tangent": {**vector(np.ones(n_in), names), "choice": {"kind": "ones"}, "note": ""},
        "product": vector(np.full(n_in, 2.0), names),
        "largest_difference": 1e-7,
        "orders": [
            *({"order": word, "difference": 0.0, "message": ""} for word in words),
            {"order": "linearize", "difference": None, "message": "It can't be <b>had</b>."},
        ],
        **changes,
    }


def vector(row: np.ndarray, names: list[str]) -> dict[str, Any]:
    """A vector as a job brings it."""
    ranked = sorted(range(row.size), key=lambda i: -abs(row[i]))[:8]
    return {
        "values": row,
        "step": 1,
        "norm": float(np.linalg.norm(row)),
        "nonzero": int(np.count_nonzero(row)),
        "odd": int((~np.isfinite(row)).sum()),
        "largest": [[names[i], float(row[i])] for i in ranked],
    }


def chosen(choice: Mapping[str, Any], size: int) -> np.ndarray:
    """The vector of a choice, or the first basis vector where it does not fit."""
    match choice["kind"]:
        case "basis":
            return np.eye(size)[choice["index"]]
        case "ones":
            return np.ones(size)
        case "random":
            return np.random.default_rng(choice["seed"]).standard_normal(size)
        case _:
            fits = len(choice["values"]) == size
            return np.asarray(choice["values"], float) if fits else np.eye(size)[0]
