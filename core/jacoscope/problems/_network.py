"""Networks of tanh layers in three shapes: square, tall (more outputs) and wide (more inputs)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from ._dense import GROUP
from ._family import Draws, Family, Knob, Parts

_SOURCE = "Written for Jacoscope: f(x) = tanh(W_d … tanh(W_1 x))"
_FORMULA = (
    r"f(x) = \tanh\bigl(W_d \tanh(\cdots \tanh(W_1 x))\bigr),"
    r" \quad J = \prod_k \operatorname{diag}(1 - h_k^2)\, W_k"
)
_DEPTH = Knob("depth", "Depth", 3, "Layers, unrolled.", 1, 64)


def _network(widths: list[int], seed: int, dtype: Any) -> Parts:
    """Layers between these widths; J is the product of diag(1−tanh²)·W over them."""
    draws = Draws(seed, dtype)
    layers = [draws.normal(to, of, scale=of**-0.5) for of, to in pairwise(widths)]

    def f(x: Float[Array, " n_in"]) -> Float[Array, " n_out"]:
        for layer in layers:
            x = jnp.tanh(layer @ x)
        return x

    def jacobian(x: Float[Array, " n_in"]) -> Float[Array, "n_out n_in"]:
        product = jnp.eye(len(x), dtype=x.dtype)
        for layer in layers:
            x = jnp.tanh(layer @ x)
            product = (1 - x**2)[:, None] * (layer @ product)
        return product

    return Parts(f, draws.normal(widths[0]), jacobian)


def _make_square(*, width: int, depth: int, seed: int, dtype: Any) -> Parts:
    return _network([width] * (depth + 1), seed, dtype)


def _make_shaped(
    *, inputs: int, outputs: int, hidden: int, depth: int, seed: int, dtype: Any
) -> Parts:
    return _network([inputs, *[hidden] * (depth - 1), outputs], seed, dtype)


SQUARE = Family(
    name="square_mlp",
    title="Square tanh network",
    group=GROUP,
    about="As many outputs as inputs: the rule by shape has no opinion, the machine has.",
    formula=_FORMULA,
    source=_SOURCE,
    make=_make_square,
    sizes=(Knob("width", "Width", 32, "Inputs, outputs and hidden units.", 1, 8_192), _DEPTH),
    telling={"width": 256, "depth": 3},
)

TALL_NETWORK = Family(
    name="tall_mlp",
    title="Tall tanh network",
    group=GROUP,
    about="More outputs than inputs, as in a decoder: columns are fewer, by matrix products.",
    formula=_FORMULA,
    source=_SOURCE,
    make=_make_shaped,
    sizes=(
        Knob("outputs", "Outputs", 64, "Rows of the Jacobian.", 1, 65_536),
        Knob("inputs", "Inputs", 8, "Columns of the Jacobian.", 1, 65_536),
        Knob("hidden", "Hidden units", 32, "Width of the layers between.", 1, 8_192),
        _DEPTH,
    ),
    telling={"outputs": 1_024, "inputs": 64, "hidden": 128},
)

WIDE_NETWORK = Family(
    name="wide_mlp",
    title="Wide tanh network",
    group=GROUP,
    about="More inputs than outputs, as in an encoder: rows are fewer, by matrix products.",
    formula=_FORMULA,
    source=_SOURCE,
    make=_make_shaped,
    sizes=(
        Knob("inputs", "Inputs", 64, "Columns of the Jacobian.", 1, 65_536),
        Knob("outputs", "Outputs", 8, "Rows of the Jacobian.", 1, 65_536),
        Knob("hidden", "Hidden units", 32, "Width of the layers between.", 1, 8_192),
        _DEPTH,
    ),
    telling={"inputs": 1_024, "outputs": 64, "hidden": 128},
)
