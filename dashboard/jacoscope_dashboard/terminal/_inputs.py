"""The point to differentiate at: of a shape, from a file, or from a function of the user's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jacoscope._arrays import read_arrays
from jacoscope._failure import PlainError
from jacoscope._limits import free_memory
from jacoscope._units import format_bytes

from ._errors import CommandLineError


def drawn(shapes: Sequence[tuple[int, ...]], dtype: str, seed: int) -> Any:
    """Draw standard normal arrays: one, or a tuple where there are several shapes.

    They are drawn in float32 and then cast, so the point is the same at every precision.

    Raises:
        CommandLineError: They would not fit into memory.
    """
    kind = np.dtype(jnp.dtype(dtype))
    needed = sum(math.prod(shape) for shape in shapes) * (4 + kind.itemsize)
    if needed > free_memory():
        raise CommandLineError(
            f"`--shape` must fit into memory, but takes {format_bytes(needed)} to draw,"
            f" and {format_bytes(free_memory())} are free."
        )
    generator = np.random.default_rng(seed)
    made = [
        np.asarray(generator.standard_normal(shape, np.float32)).astype(kind) for shape in shapes
    ]
    return made[0] if len(made) == 1 else tuple(made)


def stored(path: str, dtype: str | None) -> Any:
    """Read a file of NumPy's: one array, or a dict of them by name. Nothing in it is unpickled.

    Args:
        path: The file.
        dtype: What to cast to; None leaves the arrays as they are stored.

    Raises:
        CommandLineError: It can't be read, or holds something else.
    """
    try:
        with Path(path).open("rb") as stream:
            arrays = read_arrays(stream, free_memory())
    except OSError as error:
        raise CommandLineError(
            f"`--input` must be a file that can be read, but of {path} it was said:"
            f" {error.strerror}."
        ) from error
    except PlainError as error:
        raise CommandLineError(
            f"`--input` must be a file of arrays, but {path} can't be taken. {error}"
        ) from error
    if dtype is not None:
        arrays = {name: _cast(array, dtype) for name, array in arrays.items()}
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays


def check_point(x: Any, option: str) -> None:
    """Check that a point is a pytree of floating-point arrays.

    Raises:
        CommandLineError: It is not; the sentence names the part.
    """
    leaves = jax.tree_util.tree_leaves_with_path(x)
    if not leaves:
        raise CommandLineError(f"`{option}` must give at least one array, but gave {x!r}.")
    for path, leaf in leaves:
        where = f"x{jax.tree_util.keystr(path)}"
        kind = getattr(leaf, "dtype", None)
        if not (isinstance(leaf, float) if kind is None else jnp.issubdtype(kind, jnp.floating)):
            named = type(leaf).__name__ if kind is None else kind
            cast = " Add `--dtype float32` to have it cast." if option == "--input" else ""
            raise CommandLineError(
                f"`{option}` must give floating-point arrays, but `{where}` is {named}.{cast}"
            )


def holds_float64(x: Any) -> bool:
    """Say whether an array of a point needs JAX's x64 mode to stay what it is."""
    return any(getattr(leaf, "dtype", None) == np.float64 for leaf in jax.tree.leaves(x))


def _cast(array: np.ndarray, dtype: str) -> np.ndarray:
    return array.astype(np.dtype(jnp.dtype(dtype))) if array.dtype.kind in "fiub" else array
