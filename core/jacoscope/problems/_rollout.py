"""The same step many times: what reverse mode keeps grows with the steps, unless recomputed.

`repeat` runs the steps in a `lax.scan` and, on request, checkpoints each step, or blocks of about
√T steps, of which reverse mode then keeps only the √T starts (Griewank & Walther 2008, ch. 12).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from ._family import Draws, Family, Knob, Parts

_GROUP = "Depth and memory"
_CHECKPOINT = Knob(
    "checkpoint",
    "Checkpoint",
    "nothing",
    "What reverse mode computes a second time instead of keeping it.",
    choices=("nothing", "each step", "blocks of steps"),
)
_FORCING, _TIME_STEP = 8.0, 0.01


def repeat(
    step: Callable[[Array], Array], x: Array, steps: int, checkpoint: str = "nothing"
) -> Array:
    """Apply `step` to `x` that many times, in a loop that both modes can pass."""

    def run(step: Callable[[Array], Array], x: Array, count: int) -> Array:
        return lax.scan(lambda carry, _: (step(carry), None), x, length=count)[0]

    match checkpoint:
        case "each step":
            # the loop already keeps XLA from merging the two computations of a step
            return run(jax.checkpoint(step, prevent_cse=False), x, steps)
        case "blocks of steps":
            block = math.isqrt(steps)
            whole, rest = divmod(steps, block)
            once = jax.checkpoint(lambda x: run(step, x, block), prevent_cse=False)
            return run(step, run(once, x, whole), rest)
        case _:
            return run(step, x, steps)


def _make_chain(*, steps: int, length: int, checkpoint: str, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        return repeat(lambda x: jnp.log(jnp.exp(x) + 1 / steps), x, steps, checkpoint)

    return Parts(f, Draws(seed, dtype).normal(length), lambda x: jnp.diag(jax.nn.sigmoid(x)))


def _make_rnn(*, steps: int, width: int, checkpoint: str, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    weights, bias = draws.normal(width, width, scale=width**-0.5), draws.normal(width, scale=0.1)

    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        return repeat(lambda state: jnp.tanh(weights @ state + bias), x, steps, checkpoint)

    return Parts(f, draws.normal(width))


def _lorenz_slope(x: Float[Array, " n"]) -> Float[Array, " n"]:
    return (jnp.roll(x, -1) - jnp.roll(x, 2)) * jnp.roll(x, 1) - x + _FORCING


def _runge_kutta(x: Float[Array, " n"]) -> Float[Array, " n"]:
    h = _TIME_STEP
    first = _lorenz_slope(x)
    second = _lorenz_slope(x + h / 2 * first)
    third = _lorenz_slope(x + h / 2 * second)
    last = _lorenz_slope(x + h * third)
    return x + h / 6 * (first + 2 * second + 2 * third + last)


def _make_lorenz(*, steps: int, sites: int, checkpoint: str, seed: int, dtype: Any) -> Parts:
    def f(x: Float[Array, " n"]) -> Float[Array, " n"]:
        return repeat(_runge_kutta, x, steps, checkpoint)

    return Parts(f, Draws(seed, dtype).normal(sites, mean=_FORCING))


CHAIN = Family(
    name="elementwise_chain",
    title="Elementwise chain in a loop",
    group=_GROUP,
    about="T small steps that add up to softplus, so J = diag σ(x); reverse mode keeps every step.",
    formula=(
        r"x \leftarrow \log\bigl(e^x + \tfrac{1}{T}\bigr), \; T \text{ times}, \quad J = "
        r"\operatorname{diag} \sigma(x)"
    ),
    source="Written for Jacoscope: x ← log(eˣ + 1/T), T times",
    make=_make_chain,
    sizes=(
        Knob("steps", "Steps", 16, "How often the step is applied, the depth.", 1, 65_536),
        Knob("length", "Length", 32, "Inputs and outputs.", 1, 65_536),
        _CHECKPOINT,
    ),
    telling={"steps": 256, "length": 128},
)

RNN = Family(
    name="rnn_rollout",
    title="Recurrent network, rolled out",
    group=_GROUP,
    about="One layer applied T times: forward's memory stays flat, reverse's grows with T.",
    formula=r"h \leftarrow \tanh(W h + b), \; T \text{ times}",
    source="Elman (1990), Finding structure in time: h ← tanh(W h + b)",
    make=_make_rnn,
    sizes=(
        Knob("steps", "Steps", 16, "How often the layer is applied, the depth.", 1, 65_536),
        Knob("width", "Width", 32, "Units: inputs and outputs.", 1, 4_096),
        _CHECKPOINT,
    ),
    telling={"steps": 256, "width": 64},
)

LORENZ = Family(
    name="lorenz96",
    title="Lorenz-96, Runge–Kutta steps",
    group=_GROUP,
    about="A weather toy model stepped in time: a band that fills up, and memory that grows.",
    formula=r"\dot{x}_i = (x_{i+1} - x_{i-2})\, x_{i-1} - x_i + 8, \; T \text{ steps}",
    source="Lorenz (1996), Predictability: a problem partly solved; Runge–Kutta of order 4",
    make=_make_lorenz,
    sizes=(
        Knob("steps", "Steps", 8, "Steps of 0.01; chaos outgrows float32 near 2,000.", 1, 4_096),
        Knob("sites", "Sites", 40, "Places on the circle: inputs and outputs.", 4, 16_384),
        _CHECKPOINT,
    ),
    telling={"steps": 64, "sites": 40},
)
