"""Functions that run by JAX and by torch alike: one body over the module whose words they share.

Constants are drawn once by NumPy, in float32. `Library` has what the two spell differently.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch  # pyright: ignore[reportMissingImports] (not in the test extra)
from jax import lax

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Library:
    """A library's words.

    Attributes:
        xp: The module that has `tanh`, `exp`, `einsum` and so on.
        array: From a NumPy array to the library's.
        repeat: A step applied to a state that many times.
        convolve: Images (1, c, h, w) with kernels (k, c, 3, 3), padded to the same size.
        pool: Means of 2×2 blocks of such images.
    """

    xp: Any
    array: Callable[[np.ndarray], Any]
    repeat: Callable[[Function, Any, int], Any]
    convolve: Callable[[Any, Any], Any]
    pool: Callable[[Any], Any]


def _loop(step: Function, x: Any, steps: int) -> Any:
    for _ in range(steps):
        x = step(x)
    return x


_JAX = Library(
    jnp,
    jnp.asarray,
    lambda step, x, steps: lax.scan(lambda x, _: (step(x), None), x, length=steps)[0],
    lambda image, kernel: lax.conv_general_dilated(image, kernel, (1, 1), "SAME"),
    lambda x: lax.reduce_window(x, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") / 4,
)
_TORCH = Library(
    torch,
    torch.from_numpy,
    _loop,
    lambda image, kernel: torch.nn.functional.conv2d(image, kernel, padding="same"),
    lambda x: torch.nn.functional.avg_pool2d(x, 2),
)


@dataclass(frozen=True)
class Twin:
    """One function in both libraries, and its point."""

    by_jax: Function
    by_torch: Function
    x: np.ndarray

    @property
    def shape(self) -> str:
        """The Jacobian's, n_out × n_in."""
        return f"{jax.eval_shape(self.by_jax, self.x).size}×{self.x.size}"


def _twin(body: Callable[..., Any], x: np.ndarray, *constants: np.ndarray) -> Twin:
    """Bind a body `(library, x, *constants)` to each library."""

    def bound(library: Library) -> Function:
        arrays = [library.array(each) for each in constants]
        return lambda x: body(library, x, *arrays)

    return Twin(bound(_JAX), bound(_TORCH), x)


def _draw(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Normal numbers, scaled so that a product with a matrix keeps its size."""
    rng = np.random.default_rng(0)
    return [
        rng.standard_normal(shape, np.float32)
        * np.float32(shape[-1] ** -0.5 if len(shape) == 2 else 1.0)
        for shape in shapes
    ]


def _network(*widths: int) -> Twin:
    def body(library: Library, x: Any, *layers: Any) -> Any:
        for layer in layers:
            x = library.xp.tanh(layer @ x)
        return x

    x, *layers = _draw((widths[0],), *zip(widths[1:], widths[:-1], strict=True))
    return _twin(body, x, *layers)


def _recurrent(width: int = 128, steps: int = 64) -> Twin:
    def body(library: Library, x: Any, weights: Any, bias: Any) -> Any:
        return library.repeat(lambda h: library.xp.tanh(weights @ h + bias), x, steps)

    x, weights, bias = _draw((width,), (width, width), (width,))
    return _twin(body, x, weights, bias)


def _lorenz(sites: int = 256, steps: int = 16) -> Twin:
    def body(library: Library, x: Any) -> Any:
        roll = library.xp.roll

        def step(x: Any) -> Any:
            return x + 0.01 * ((roll(x, -1) - roll(x, 2)) * roll(x, 1) - x + 8.0)

        return library.repeat(step, x, steps)

    return _twin(body, 8 + _draw((sites,))[0])


def _attention(tokens: int = 16, width: int = 32) -> Twin:
    def body(library: Library, x: Any, q: Any, k: Any, v: Any, up: Any, down: Any) -> Any:
        scores = library.xp.exp((x @ q) @ (x @ k).T * width**-0.5)
        mixed = (scores / scores.sum(-1)[:, None]) @ (x @ v)
        x = x + mixed
        return x + library.xp.tanh(x @ up.T) @ down.T

    square = (width, width)
    x, *weights = _draw((tokens, width), square, square, square, (4 * width, width), (width, 128))
    return _twin(body, x * np.float32(width**0.5), *weights)


def _softmax_regression(batch: int = 256, features: int = 64, classes: int = 10) -> Twin:
    def body(library: Library, w: Any, rows: Any) -> Any:
        scores = library.xp.exp(rows @ w)
        return scores / scores.sum(-1)[:, None]

    w, rows = _draw((features, classes), (batch, features))
    return _twin(body, w, rows * np.float32(features**0.5))


def _pairwise(points: int = 128, dimensions: int = 3) -> Twin:
    def body(library: Library, x: Any, charges: Any) -> Any:
        squares = (x**2).sum(-1)
        return library.xp.exp(x @ x.T - (squares[:, None] + squares) / 2) @ charges

    x, charges = _draw((points, dimensions), (points,))
    return _twin(body, x, charges)


def _n_body(bodies: int = 64) -> Twin:
    def body(library: Library, x: Any, masses: Any) -> Any:
        apart = x - x[:, None]
        weights = masses * ((apart**2).sum(-1) + 0.01) ** -1.5
        return library.xp.einsum("ij,ijk->ik", weights, apart)

    x, masses = _draw((bodies, 3), (bodies,))
    return _twin(body, x, np.abs(masses))


def _polynomials(features: int = 96) -> Twin:
    def body(library: Library, x: Any, whitening: Any) -> Any:
        z = whitening @ x
        return library.xp.outer(z, z).ravel()

    x, whitening = _draw((features,), (features, features))
    return _twin(body, x, whitening)


def _linear_solve(unknowns: int = 128) -> Twin:
    def body(library: Library, x: Any, matrix: Any, right: Any) -> Any:
        return library.xp.linalg.solve(matrix / 2 + library.xp.diag(x), right)

    x, matrix, right = _draw((unknowns,), (unknowns, unknowns), (unknowns,))
    return _twin(body, 4 + x / 4, matrix, right)


def _wide_loss(parameters: int = 2048, losses: int = 32) -> Twin:
    def body(library: Library, x: Any, scales: Any) -> Any:
        return library.xp.log1p((scales * x) ** 2).sum(-1)

    x, scales = _draw((parameters,), (losses, parameters))
    return _twin(body, x, scales * np.float32(parameters**0.5))


def _convolution(side: int = 24, channels: int = 8, features: int = 32) -> Twin:
    def body(library: Library, x: Any, first: Any, second: Any, head: Any) -> Any:
        for kernel in first, second:
            x = library.pool(library.xp.tanh(library.convolve(x, kernel)))
        return head @ x.reshape(-1)

    kernels = (channels, 1, 3, 3), (2 * channels, channels, 3, 3)
    x, first, second, head = _draw(
        (1, 1, side, side), *kernels, (features, 2 * channels * (side // 4) ** 2)
    )
    return _twin(body, x, first / 3, second / 9, head)


TWINS: dict[str, Callable[[], Twin]] = {
    "square_mlp": lambda: _network(256, 256, 256, 256),
    "tall_mlp": lambda: _network(32, 512, 512, 2048),
    "wide_mlp": lambda: _network(2048, 512, 512, 32),
    "recurrent": _recurrent,
    "lorenz96": _lorenz,
    "attention": _attention,
    "softmax_regression": _softmax_regression,
    "pairwise": _pairwise,
    "n_body": _n_body,
    "polynomials": _polynomials,
    "linear_solve": _linear_solve,
    "wide_loss": _wide_loss,
    "convolution": _convolution,
}
