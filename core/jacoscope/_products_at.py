"""The products of a function at a point, each compiled at its first call and then kept.

Vectors go in and come out as rows in float64, whatever pytrees and dtypes lie between. A product
that JAX can't form is a `Failure` with its sentence: the others are still to be had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._devices import find_device
from ._failure import Failure, attempt
from ._hessian import Order, hvp
from ._linear import linear_part
from ._point import NEEDS_VALUES, output_shapes, unary
from ._products import jvp, vjp
from ._quick import quick
from ._space import Space

Product = tuple[np.ndarray, np.ndarray]
_LARGEST_HESSIAN = 2_048  # inputs, beyond which the matrix takes longer than anyone waits


class ProductsAt:
    """The products of one function at one point, with any vector.

    Args:
        f: The function.
        x: Its point.
        device: Where they are computed, such as `cpu:0`; None leaves it to JAX.

    Raises:
        TypeError: `x` or `f(x)` can't be differentiated.
        ValueError: There is no such device.
    """

    def __init__(self, f: Callable[..., Any], x: Any, device: str | None = None) -> None:
        g, point = unary(f, x, 0)
        if device is not None:
            point = jax.device_put(point, find_device(device))
        self._f, self._x = g, point
        shapes = output_shapes(g, point)
        self.inputs, self.outputs = Space(point, "x"), Space(shapes, "y")
        leaves = jax.tree.leaves(shapes)
        self.scalar = [leaf.shape for leaf in leaves] == [()]
        self.dtype = str(jnp.result_type(*jax.tree.leaves(point), *leaves))
        self.x = self.inputs.row(point)
        self._programs: dict[str, Callable[..., Any]] = {}
        self._linear: Any = None

    @property
    def through_linear_part(self) -> bool:
        """Whether `jit` refused `f`, and its linear part at the point takes all vectors."""
        return isinstance(self._linear, tuple)

    def push(self, v: np.ndarray) -> Product | Failure:
        """Return f(x) and ∂f(x) v, for a tangent of `n_in` numbers."""
        return attempt(lambda: self._product("jvp", jvp, self.inputs, v, self.outputs))

    def pull(self, u: np.ndarray) -> Product | Failure:
        """Return f(x) and ∂f(x)ᵀ u, for a cotangent of `n_out` numbers."""
        return attempt(lambda: self._product("vjp", vjp, self.outputs, u, self.inputs))

    def hessian_push(self, order: Order, v: np.ndarray) -> np.ndarray | Failure:
        """Return ∂²f(x) v in one of its orders; the full Hessian only of a small point."""
        if order == "full_hessian" and self.inputs.size > _LARGEST_HESSIAN:
            entries = f"{self.inputs.size:,}² numbers"
            return Failure("refused", f"The full Hessian would have {entries}, too many to wait.")

        def product(f: Any, x: Any, v: Any) -> Any:
            return hvp(f, x, v, order)

        return attempt(
            lambda: self.inputs.row(self._call(order, product, self._x, self.inputs.tree(v)))
        )

    def around(self, steps: np.ndarray) -> np.ndarray | Failure:
        """Return f(x + step) for each of k steps, from `(k, n_in)` to `(k, n_out)`."""

        def values(f: Any, points: Any) -> Any:
            return jax.vmap(f)(points)

        points = self.inputs.tree(self.x + steps)
        return attempt(lambda: self.outputs.row(self._call("around", values, points)))

    def _product(self, name: str, product: Any, into: Space, row: Any, out: Space) -> Product:
        y, result = self._call(name, product, self._x, into.tree(row))
        return self.outputs.row(y), out.row(result)

    def _call(self, name: str, product: Callable[..., Any], *arguments: Any) -> Any:
        """Run a product of `f` jitted, or without `jit` where `f` needs values."""
        if name not in self._programs:
            f = self._f
            self._programs[name] = jax.jit(
                lambda *arguments: product(f, *arguments), compiler_options=quick(self._x)
            )
        try:
            return self._programs[name](*arguments)
        except NEEDS_VALUES:
            self._programs[name] = self._unjitted(name, product)
            return self._programs[name](*arguments)

    def _unjitted(self, name: str, product: Callable[..., Any]) -> Callable[..., Any]:
        """Return a product without `jit` on `f`: by its linear part where that is what it asks."""
        if name in ("jvp", "vjp") and self._linear is None:
            self._linear = attempt(lambda: linear_part(self._f, self._x))
        if name in ("jvp", "vjp") and isinstance(self._linear, tuple):
            y, *maps = self._linear
            apply = maps[name == "vjp"]
            return lambda _, vector: (y, apply(vector))
        return lambda *arguments: product(self._f, *arguments)
