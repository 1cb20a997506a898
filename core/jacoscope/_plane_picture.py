"""A map of the plane at a point: the ellipse that its Jacobian makes of the unit circle."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._failure import Failure
from ._products_at import ProductsAt

_ANGLES = 96
_UPRIGHT = 1e-6  # how far a direction leans that points up but for rounding


def draw_plane(at: ProductsAt, radius: float) -> dict[str, Any] | None:
    """Picture a map from two numbers to two.

    Its Jacobian takes the unit circle to an ellipse. The half-axes are as long as the singular
    values and lie along the left singular directions; the right ones are what they come from.
    What `f` itself makes of a circle around x approaches the ellipse as the circle gets small.

    Args:
        at: The function at its point, two numbers in and two out.
        radius: Of the circle around x.

    Returns:
        `matrix`, `(2, 2)`; `singular`, `(2,)`, the larger one first; `right` and `left`, `(2, 2)`,
        a direction in each row; `circle`, `ellipse` and `curve`, `(97, 2)`, closed; `curve` is
        (f(x + r c) − f(x)) / r, and None where `f` can't be mapped over points. None in all where
        no mode gives the Jacobian, or it is not finite.
    """
    matrix = _jacobian(at)
    if matrix is None or not np.isfinite(matrix).all():
        return None
    left, singular, right = np.linalg.svd(matrix)
    # A direction is as good as its opposite: of both, the one to the right, or up.
    across = np.where(np.abs(right[:, 0]) > _UPRIGHT, right[:, 0], right[:, 1])
    signs = np.where(across < 0, -1.0, 1.0)
    angles = np.linspace(0, 2 * np.pi, _ANGLES + 1)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return {
        "matrix": matrix,
        "singular": singular,
        "right": right * signs[:, None],
        "left": left.T * signs[:, None],
        "circle": circle,
        "ellipse": circle @ matrix.T,
        "curve": _curve(at, circle, radius),
        "radius": radius,
    }


def _jacobian(at: ProductsAt) -> np.ndarray | None:
    """Two pushed basis vectors are its columns; or, where none can be pushed, two pulled its rows.

    It is put together from the very products that are shown beside it.
    """
    columns = [at.push(basis) for basis in np.eye(2)]
    if not any(isinstance(each, Failure) for each in columns):
        return np.stack([each[1] for each in columns if not isinstance(each, Failure)], axis=1)
    rows = [at.pull(basis) for basis in np.eye(2)]
    if not any(isinstance(each, Failure) for each in rows):
        return np.stack([each[1] for each in rows if not isinstance(each, Failure)])
    return None


def _curve(at: ProductsAt, circle: np.ndarray, radius: float) -> np.ndarray | None:
    steps = np.concatenate([np.zeros((1, 2)), radius * circle])
    found = at.around(steps)
    if isinstance(found, Failure):
        return None
    curve = (found[1:] - found[0]) / radius
    return curve if np.isfinite(curve).all() else None
