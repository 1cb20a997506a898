"""The point and the function a user hands over, checked before anything is traced."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._unfit import check_output_dtype, check_point_dtype, is_iterator, no_array, no_output

Function = Callable[[Any], Any]

# What JAX raises of a function that works on values and that `jax.jit` can't trace.
NEEDS_VALUES = (
    jax.errors.ConcretizationTypeError,  # a branch, a Python number, a shape
    jax.errors.TracerIntegerConversionError,  # an index, a range
    jax.errors.NonConcreteBooleanIndexError,  # a mask
)


def path_name(path: tuple[Any, ...], root: str = "") -> str:
    """Name a leaf by its path in a pytree, such as `x['w'][0]`."""
    return root + jax.tree_util.keystr(path)


def as_point(x: PyTree[Any], name: str = "x") -> PyTree[Array]:
    """Return `x` with every leaf a JAX array of floating-point numbers.

    Raises:
        TypeError: A leaf is not an array or a number, or not floating point.
    """

    def leaf(path: tuple[Any, ...], value: Any) -> Array:
        where = path_name(path, name)
        try:
            array = jnp.asarray(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"`{where}` must be an array or a number, but got {type(value).__name__}."
            ) from None
        check_point_dtype(array.dtype, array.shape, where)
        return array

    point = jax.tree_util.tree_map_with_path(leaf, x)
    if not jax.tree.leaves(point):
        raise TypeError(f"`{name}` must hold at least one array, but got {x!r}.")
    return point


def checked(f: Function) -> Function:
    """Return `f` with what it returns checked by `check_output`, also while it is traced."""

    def function(x: Any) -> Any:
        y = f(x)
        check_output(y)
        return y

    return function


def checked_pair(f: Function, *, has_aux: bool) -> Function:
    """Return x ↦ (y, aux) with y checked; aux is None where `f` returns y alone.

    Raises:
        TypeError: With `has_aux`, `f` returns no pair.
    """

    def function(x: Any) -> tuple[Any, Any]:
        returned = f(x)
        if has_aux and not (isinstance(returned, tuple) and len(returned) == 2):
            raise TypeError(
                "With `has_aux=True`, `f` must return a pair `(y, aux)`,"
                f" but returned {type(returned).__name__}."
            )
        y, aux = returned if has_aux else (returned, None)
        check_output(y)
        return y, aux

    return function


def check_output(y: Any) -> None:
    """Check that a function returned something that can be differentiated.

    Raises:
        TypeError: `y` has a leaf that is not a floating-point array, or no leaf at all.
    """
    leaves = jax.tree_util.tree_leaves_with_path(y, is_leaf=is_iterator)
    if not leaves:
        raise no_output(y)
    for path, value in leaves:
        where = path_name(path, "f(x)")
        if not hasattr(value, "dtype") and not isinstance(value, float | int | complex):
            raise no_array(value, where)
        check_output_dtype(jnp.result_type(value), where)


def check_like(vector: PyTree[Any], model: PyTree[Array], name: str, of: str) -> PyTree[Array]:
    """Return `vector` as arrays with the structure, shapes and dtypes of `model`.

    Raises:
        ValueError: Structure or a shape differs; `of` names the model in the sentence.
    """
    _check_structure(vector, model, name, of)

    def leaf(path: tuple[Any, ...], value: Any, like: Array) -> Array:
        array = jnp.asarray(value)
        if array.shape != jnp.shape(like):
            raise ValueError(
                f"`{path_name(path, name)}` must have {of}'s shape {jnp.shape(like)},"
                f" but got {array.shape}."
            )
        return array.astype(jnp.result_type(like))

    return jax.tree_util.tree_map_with_path(leaf, vector, model)


def check_stack(
    vectors: PyTree[Any], model: PyTree[Array], name: str, of: str
) -> tuple[PyTree[Array], int]:
    """Return stacked vectors as arrays, each leaf `(k, *leaf.shape)`, and k.

    Raises:
        ValueError: Structure, a shape or the number of vectors differs.
    """
    _check_structure(vectors, model, name, of)
    counts: set[int] = set()

    def leaf(path: tuple[Any, ...], value: Any, like: Array) -> Array:
        array, shape = jnp.asarray(value), jnp.shape(like)
        if array.ndim != len(shape) + 1 or array.shape[1:] != shape:
            expected = ("k", *shape)
            raise ValueError(
                f"`{path_name(path, name)}` must stack k vectors of {of}'s shape, "
                f"({', '.join(map(str, expected))}), but got {array.shape}."
            )
        counts.add(array.shape[0])
        return array.astype(jnp.result_type(like))

    stacked = jax.tree_util.tree_map_with_path(leaf, vectors, model)
    if len(counts) > 1:
        raise ValueError(
            f"`{name}` must have as many vectors in each leaf, but got {sorted(counts)}."
        )
    return stacked, counts.pop()


def _check_structure(vector: PyTree[Any], model: PyTree[Array], name: str, of: str) -> None:
    got, wanted = jax.tree.structure(vector), jax.tree.structure(model)
    if got != wanted:
        raise ValueError(f"`{name}` must have {of}'s structure {wanted}, but got {got}.")


def size(tree: PyTree[Any]) -> int:
    """Count the numbers in a pytree of arrays or of `jax.ShapeDtypeStruct`."""
    return sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(tree))


def output_shapes(f: Function, x: PyTree[Any]) -> PyTree[Any]:
    """Return the shapes of f(x), checked; runs `f` only where it needs values."""
    function = checked(f)
    try:
        return jax.eval_shape(function, x)
    except NEEDS_VALUES:
        y = jax.tree.map(jnp.asarray, function(x))
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), y)


def unary(f: Callable[..., Any], x: Any, argnums: int | tuple[int, ...]) -> tuple[Function, Any]:
    """Reduce `f` and its arguments to a function of one pytree and its point.

    With the default `argnums=0`, `f(x)` takes one argument, unless `f` requires several and `x`
    is a tuple of them. With other `argnums`, `x` is always the tuple of all arguments.

    Returns:
        The function of what is differentiated, and the point.

    Raises:
        TypeError: `f` is not callable, or `argnums` needs a tuple.
        ValueError: `argnums` names an argument that is not there.
    """
    if not callable(f):
        raise TypeError(f"`f` must be a function, but got {type(f).__name__}.")
    if argnums == 0 and not (isinstance(x, tuple) and required_arguments(f) > 1):
        return f, as_point(x)
    if not isinstance(x, tuple):
        raise TypeError(
            f"With `argnums={argnums!r}`, `x` must be the tuple of all arguments of `f`,"
            f" but got {type(x).__name__}."
        )
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    if any(not -len(x) <= each < len(x) for each in chosen):
        raise ValueError(f"`argnums` must be below {len(x)}, but got {argnums!r}.")

    def g(point: Any) -> Any:
        arguments = list(x)
        parts = (point,) if isinstance(argnums, int) else point
        for place, part in zip(chosen, parts, strict=True):
            arguments[place] = part
        return f(*arguments)

    point = x[argnums] if isinstance(argnums, int) else tuple(x[each] for each in chosen)
    return g, as_point(point)


def required_arguments(f: Callable[..., Any]) -> int:
    """Count the positional arguments that `f` requires; 1 where it does not say."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return 1
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters)
