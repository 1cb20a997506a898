"""What is said of values that can't be differentiated: what is wrong with them, and what to do.

Random keys, complex numbers, integers and JAX's `float0` among arrays; strings, generators,
functions and the like among what is no array.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

_CLOSE_OVER = "close over the key, as in `lambda x: f(key, x)`, and differentiate the rest"


def check_point_dtype(dtype: Any, shape: tuple[int, ...], where: str) -> None:
    """Check that a leaf of the point is of floating point.

    Raises:
        TypeError: It is not; the sentence says what to pass instead.
    """
    if jnp.issubdtype(dtype, jnp.complexfloating):
        raise TypeError(
            f"`{where}` must be real, but got {dtype}. Split it into real and imaginary parts:"
            " pass `(x.real, x.imag)` and have `f` join them by `jax.lax.complex`; where `f` is"
            " holomorphic, `jax.jacfwd(f, holomorphic=True)` gives its complex derivative."
        )
    if jnp.issubdtype(dtype, jax.dtypes.prng_key):
        raise TypeError(
            f"`{where}` must be floating point, but got a random key ({dtype}), which has no"
            f" derivative: {_CLOSE_OVER}."
        )
    if dtype == jnp.uint32 and shape == (2,):  # which is what a raw key looks like
        raise TypeError(
            f"`{where}` must be floating point, but got {dtype}. Pass `x.astype(float)`;"
            f" or if it is a random key, {_CLOSE_OVER}."
        )
    if dtype == jax.dtypes.float0:
        raise TypeError(
            f"`{where}` must be floating point, but got float0, which JAX gives as the derivative"
            " by integers and which holds no numbers. Pass a floating-point array."
        )
    if not jnp.issubdtype(dtype, jnp.floating):
        raise TypeError(
            f"`{where}` must be floating point, but got {dtype}. Pass `x.astype(float)`."
        )


def check_output_dtype(dtype: Any, where: str) -> None:
    """Check that a leaf of what a function returned is of floating point.

    Raises:
        TypeError: It is not; the sentence says what to return instead.
    """
    if jnp.issubdtype(dtype, jnp.complexfloating):
        raise TypeError(
            f"`{where}` must be real, but got {dtype}. Split it into real and imaginary parts:"
            " return `(y.real, y.imag)`."
        )
    if jnp.issubdtype(dtype, jnp.floating):
        return
    name, what = str(dtype), ""
    if dtype == jax.dtypes.float0:
        name, what = "float0", ", which JAX gives as the derivative by integers"
    raise TypeError(
        f"`{where}` must be floating point, but got {name}{what}. Return floating point,"
        " or pass it by `has_aux=True`."
    )


def is_iterator(value: Any) -> bool:
    """Return whether a value yields others one by one, which JAX warns of in a pytree."""
    return isinstance(value, Iterator)


def no_array(value: Any, where: str) -> TypeError:
    """Return the error for a leaf of what a function returned that is no array."""
    advice = "Return arrays and numbers only."
    if inspect.isgenerator(value):
        advice = "`f` has a `yield`: return all values at once, as `jnp.stack` of a list."
    elif inspect.iscoroutine(value):
        value.close()  # else Python warns that nobody has awaited it
        advice = "`f` is `async`: pass a plain function."
    elif callable(value):
        advice = "Return what it returns: call it in `f`."
    elif is_iterator(value) or isinstance(value, set | frozenset):
        advice = "Return a list or an array of what is in it."
    return TypeError(f"`{where}` must be an array, but got {type(value).__name__}. {advice}")


def no_output(y: Any) -> TypeError:
    """Return the error for a function that returned nothing to differentiate."""
    advice = " Does it end without a `return`?" if y is None else ""
    return TypeError(f"`f` must return an array or a pytree of arrays, but returned {y!r}.{advice}")
