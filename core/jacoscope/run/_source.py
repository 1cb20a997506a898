"""A function that came as source text, built in the worker that runs it and nowhere else."""

from __future__ import annotations

import io
import math
import traceback
import types
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._arrays import read_arrays
from .._failure import PlainError

FILE = "your function"  # the name of the source in tracebacks and source lines
DTYPES = ("float32", "float64", "bfloat16", "float16")
_LARGEST_BYTES = 2**30


def source_target(
    source: str,
    *,
    shape: tuple[int, ...] | None = None,
    arrays: bytes | None = None,
    dtype: str = "float32",
) -> dict[str, Any]:
    """Carry a function as the text that defines `f`, and where its point comes from.

    Nothing of it is run, or read, before a worker opens the target.

    Args:
        source: Python that defines `f`; and `x`, where neither of the others is given.
        shape: Shape of a point drawn from the standard normal distribution.
        arrays: Content of an `.npz` or `.npy` file: one array is the point, several are a dict of
            them.
        dtype: What floating-point numbers of `shape` or `arrays` become; `float64` has JAX
            compute in 64 bits.
    """
    return {
        "kind": "source",
        "source": source,
        "shape": None if shape is None else list(shape),
        "arrays": arrays,
        "dtype": dtype,
        "title": "Your function",
    }


def build(target: Mapping[str, Any]) -> tuple[Any, Any]:
    """Run the source of a target and return its `f` and the point.

    Raises:
        PlainError: The source can't be read, fails or defines no `f`; or there is no point, or its
            file can't be read.
    """
    names = _run(str(target["source"]))
    f = names.get("f")
    if f is None:
        raise PlainError("The code must define `f`, as in `def f(x): …`, but it does not.")
    if not callable(f):
        raise PlainError(f"`f` must be a function, but in the code it is {type(f).__name__}.")
    dtype = jnp.dtype(target["dtype"])
    if target.get("arrays") is not None:
        return f, _read(target["arrays"], dtype)
    if target.get("shape") is not None:
        shape = tuple(target["shape"])
        _refuse_large(math.prod(shape) * dtype.itemsize, "`x`")
        return f, jax.random.normal(jax.random.key(0), shape, dtype)
    if "x" not in names:
        raise PlainError(
            "There is no point: define `x` in the code, as in `x = jnp.ones(3)`, or give a shape."
        )
    return f, names["x"]


def _run(source: str) -> dict[str, Any]:
    module = types.ModuleType("your_function")
    try:
        exec(compile(source, FILE, "exec"), module.__dict__)
    except SyntaxError as error:
        raise PlainError(f"Line {error.lineno} of the code can't be read: {error.msg}.") from error
    except Exception as error:  # a user's code raises anything
        lines = [each.lineno for each in traceback.extract_tb(error.__traceback__)
                 if each.filename == FILE]  # fmt: skip
        where = f"Line {lines[-1]} of the code" if lines else "The code"
        raise PlainError(f"{where} raised {type(error).__name__}: {error}") from error
    return vars(module)


def _read(content: bytes, dtype: Any) -> Any:
    read = read_arrays(io.BytesIO(content), _LARGEST_BYTES)
    x = {name: _floats(array, dtype) for name, array in read.items()}
    return next(iter(x.values())) if len(x) == 1 else x


def _floats(array: np.ndarray, dtype: Any) -> jax.Array:
    return jnp.asarray(array, dtype if np.issubdtype(array.dtype, np.floating) else None)


def _refuse_large(size: int, what: str) -> None:
    if size > _LARGEST_BYTES:
        raise PlainError(f"{what} would take {size / 1e9:.3g} GB, and at most 1.07 GB is taken.")
