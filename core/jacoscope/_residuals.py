"""What reverse mode keeps between the forward and the backward pass.

Shapes and total come from the abstract value of `jax.vjp`'s closure; where each value arises is
read from what `jax.ad_checkpoint.print_saved_residuals` prints, the public way to ask.
"""

from __future__ import annotations

import contextlib
import io
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
from jax.ad_checkpoint import print_saved_residuals
from jaxtyping import PyTree

from ._point import as_point, checked

_LINE = re.compile(r"^(?P<dtype>\w+)\[(?P<shape>[\d,]*)\]\S* (?P<origin>.*)$")
_OUTPUT = re.compile(r"^output of (?P<primitive>.+?) from (?P<source>.*)$")
_WIDTH = re.compile(r"\d+$")
_KINDS = {"f": "float", "bf": "bfloat", "i": "int", "u": "uint", "c": "complex"}


@dataclass(frozen=True)
class Residual:
    """One array that reverse mode keeps.

    Attributes:
        shape: Its shape.
        dtype: Its dtype, such as `float32`.
        bytes: Its size.
        primitive: The primitive that made it; `argument` or `constant` for what was there
            before; None where JAX does not say.
        source: Where in the code, such as `model.py:12:8 (f)`; None where JAX does not say.
    """

    shape: tuple[int, ...]
    dtype: str
    bytes: int
    primitive: str | None
    source: str | None


def residuals(
    f: Callable[[Any], Any], x: PyTree[Any], policy: Callable[..., Any] | None = None
) -> list[Residual]:
    """List what reverse mode keeps of `f` at `x`; nothing runs.

    Args:
        f: Function of one pytree, one that `jax.jit` takes.
        x: Point, a pytree of floating-point arrays.
        policy: A policy of `jax.checkpoint_policies`, to see what `jax.checkpoint(f)` with it
            would keep; None for `f` as it is.

    Returns:
        One entry an array, in the order in which JAX keeps them.

    Raises:
        TypeError: `x` or `f(x)` is not floating point, or `policy` is no function.

    >>> import jax.numpy as jnp
    >>> [(each.shape, each.bytes) for each in residuals(jnp.sin, jnp.ones(3))]
    [((3,), 12)]
    """
    if policy is not None and not callable(policy):
        raise TypeError(
            f"`policy` must be one of the functions in `jax.checkpoint_policies`, got {policy!r}."
        )
    point = as_point(x)
    function = checked(f)
    if policy is not None:
        function = jax.checkpoint(function, policy=policy)
    jax.eval_shape(function, point)  # speaks up about f before its residuals are asked for
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        print_saved_residuals(_silent(function), point)
    matches = [_LINE.match(line) for line in printed.getvalue().splitlines()]
    if all(matches):
        return [_read(match) for match in matches if match]
    return [  # printed in a way not known here: where they arise is unknown
        Residual(leaf.shape, str(leaf.dtype), leaf.size * leaf.dtype.itemsize, None, None)
        for leaf in _kept(function, point)
    ]


def residual_bytes(f: Callable[[Any], Any], x: PyTree[Any]) -> int:
    """Return the bytes of all that reverse mode keeps of `f` at `x`, a checked point."""
    return sum(leaf.size * leaf.dtype.itemsize for leaf in _kept(f, x))


def _silent(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return `f` without what it prints while it is traced: it would stand between JAX's lines."""

    def function(x: Any) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            return f(x)

    return function


def _kept(f: Callable[[Any], Any], x: PyTree[Any]) -> list[jax.ShapeDtypeStruct]:
    return jax.tree.leaves(jax.eval_shape(lambda x: jax.vjp(f, x)[1], x))


def _read(match: re.Match[str]) -> Residual:
    shape = tuple(int(each) for each in match["shape"].split(",") if each)
    short, origin = match["dtype"], match["origin"]
    width = _WIDTH.search(short)
    kind = _KINDS.get(short[: width.start()] if width else short)
    dtype = f"{kind}{width.group()}" if kind and width else short
    bytes_each = int(width.group()) // 8 if kind and width else 1
    output = _OUTPUT.match(origin)
    if output is not None:
        primitive, source = output["primitive"], output["source"].strip() or None
    else:
        primitive = "argument" if "argument" in origin else "constant"
        source = origin.removeprefix("from ").removeprefix("the ").removeprefix("a ")
    return Residual(shape, dtype, math.prod(shape) * bytes_each, primitive, source)
