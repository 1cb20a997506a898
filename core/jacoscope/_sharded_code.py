"""Code for derivatives that devices share: each has `x` and its part of the basis, or vectors."""

from __future__ import annotations

from ._code_parts import (
    SECOND,
    Pass,
    comment,
    defined,
    first_order,
    indented,
    second_order,
)
from ._strategy import Strategy

_MESH = 'mesh = jax.make_mesh((jax.device_count(),), ("devices",), axis_types=(AxisType.Auto,))'
_BEYOND = "up to a multiple of the devices"


def sharded_code(strategy: Strategy, f: str, *, pytree: bool) -> list[str]:
    """Write a strategy that the devices of a mesh share.

    Args:
        strategy: One with the word in its name.
        f: The name of the function.
        pytree: Whether `x` or `f(x)` is one.

    Raises:
        ValueError: It is colored, or of pytrees, of which there is no short script.
    """
    name = strategy.quantity
    matrix = name in ("jacobian", "hessian")
    if strategy.batching == "colored" or (pytree and matrix):
        mode = "" if strategy.mode is None else f"{strategy.mode!r}, "
        call = f"{name}(f, x, {mode}batching={strategy.batching!r}, device='all')"
        what = f"{strategy.name}{' of pytrees' if pytree and matrix else ''}"
        raise ValueError(f"There is no short script of {what}: `jacoscope.{call}` does it.")
    made = (
        second_order(strategy.order or "forward_over_reverse", f)
        if name in ("hessian", "hvp")
        else first_order(_mode(strategy), f)
    )
    what = SECOND[strategy.order or "forward_over_reverse"]
    if name not in ("hessian", "hvp"):
        what = {"reverse": "one VJP", "forward": "one JVP"}.get(_mode(strategy), "one linear pass")
    if matrix:
        about = "a row" if _by_rows(strategy) else "a column"
        arguments, body = "x", _matrix(strategy, made, f)
    else:
        many = "U" if name == "mjp" else "V"
        about, body = f"for each of the vectors in {many}", _products(strategy, made, many)
        arguments = f"x, {many}"
    size = "all of its own at once"
    if strategy.batching == "chunked":
        size = f"{strategy.chunk_size} at a time"
    said = f"{strategy.name}: {what} {about}, shared by all devices, each of which does {size}."
    return [*comment(said), _MESH, "", *defined(name, arguments, body, jit=True)]


def _mode(strategy: Strategy) -> str:
    return "reverse" if strategy.quantity == "mjp" else strategy.mode or "forward"


def _by_rows(strategy: Strategy) -> bool:
    return strategy.quantity == "jacobian" and strategy.mode == "reverse"


def _applied(strategy: Strategy, function: str, vectors: str, axis: int) -> str:
    """Return the expression of a function of one vector applied to those of a device."""
    if strategy.batching == "chunked":
        mapped = f"jax.lax.map({function}, {vectors}, batch_size={strategy.chunk_size})"
        return mapped if axis == 0 else f"jnp.moveaxis({mapped}, 0, {axis})"
    return f"jax.vmap({function}{'' if axis == 0 else f', out_axes={axis}'})({vectors})"


def _spread(spec: str, vectors: str) -> list[str]:
    inside = 'share, mesh=mesh, in_specs=P("devices"), out_specs=out, check_vma=False'
    return [
        f"out = {spec}",
        f"spread = jax.shard_map({inside})",
        f"made = spread({vectors})",
    ]


def _matrix(strategy: Strategy, made: Pass, f: str) -> list[str]:
    by_rows, hessian = _by_rows(strategy), strategy.quantity == "hessian"
    y = "x" if hessian else "y"
    line, one, like = ("row", "u", "y") if by_rows else ("column", "v", "x")
    axis, cut = (0, ":n") if by_rows else (-1, "..., :n")
    setup = [] if hessian else [f"y = jax.eval_shape({f}, x)"]
    spec = 'P("devices")' if by_rows else f'P(*[None] * {y}.ndim, "devices")'
    return [
        *setup,
        f"n = {like}.size",
        "",
        f"def share(i):  # of one device, its {line}s",
        *indented(list(made.setup)),
        "",
        f"    def {line}(i):",
        f"        {one} = (jnp.arange(n) == i).astype({like}.dtype).reshape({like}.shape)",
        f"        return {made.product}",
        "",
        f"    return {_applied(strategy, line, 'i', axis)}",
        "",
        f"i = jnp.arange(n + -n % mesh.size)  # {_BEYOND}: beyond the end, zeros",
        *_spread(spec, "i"),
        f"return made[{cut}].reshape({y}.shape + x.shape)",
    ]


def _products(strategy: Strategy, made: Pass, many: str) -> list[str]:
    one = many.lower()
    return [
        f"k = len(jax.tree.leaves({many})[0])",
        "",
        f"def share({many}):  # of one device, its vectors",
        *indented(list(made.setup)),
        f"    return {_applied(strategy, f'lambda {one}: {made.product}', many, 0)}",
        "",
        f"def fill(a):  # {_BEYOND}",
        "    return jnp.pad(a, [(0, -k % mesh.size)] + [(0, 0)] * (a.ndim - 1))",
        "",
        *_spread('P("devices")', f"jax.tree.map(fill, {many})"),
        "return jax.tree.map(lambda a: a[:k], made)",
    ]
