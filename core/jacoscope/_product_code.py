"""Code for products with one or many vectors: HVP, JMP and MJP."""

from __future__ import annotations

from ._code_parts import SECOND, Pass, applied, comment, defined, first_order, second_order
from ._strategy import Strategy

_WHOLE = {"jmp": "JV", "mjp": "UJ", "hvp": "HV"}


def product_code(strategy: Strategy, f: str, *, pytree: bool, jit: bool) -> list[str]:
    """Write `hvp(x, v)`, or `hvp(x, V)`, `jmp(x, V)` or `mjp(x, U)` with k stacked vectors.

    Args:
        strategy: Of a product.
        f: The name of the function.
        pytree: Whether `x` or `f(x)` is one.
        jit: Whether it is jitted.
    """
    name, made = strategy.quantity, _pass(strategy, f, pytree=pytree)
    if name == "hvp" and strategy.batching is None:
        what = f"{strategy.name}: {_what(strategy)}; v is like x."
        return [*comment(what), *defined(name, "x, v", _one(made), jit=jit)]
    many = "U" if name == "mjp" else "V"
    how = applied(strategy.batching, strategy.chunk_size, _WHOLE[name])
    what = f"{strategy.name}: {_what(strategy)} for each of the k vectors in {many}, {how}."
    body = [*made.setup, *([""] if made.setup else []), *_many(strategy, made, f, pytree=pytree)]
    return [*comment(what), *defined(name, f"x, {many}", body, jit=jit)]


def _what(strategy: Strategy) -> str:
    match strategy.quantity:
        case "jmp":
            return "one JVP"
        case "mjp":
            return "one VJP"
        case _:
            return SECOND[strategy.order or "forward_over_reverse"]


def _pass(strategy: Strategy, f: str, *, pytree: bool) -> Pass:
    if strategy.quantity != "hvp":
        return first_order("reverse" if strategy.quantity == "mjp" else strategy.mode or "", f)
    if strategy.order != "full_hessian":
        return second_order(strategy.order or "forward_over_reverse", f)
    if not pytree:
        return Pass((f"H = jax.hessian({f})(x)",), "jnp.tensordot(H, v, x.ndim)")
    flat = f"H = jax.hessian(lambda flat: {f}(unravel(flat)))(flat)"
    return Pass(("flat, unravel = ravel_pytree(x)", flat), "unravel(H @ ravel_pytree(v)[0])")


def _one(made: Pass) -> list[str]:
    return [*made.setup, f"return {made.product}"]


def _many(strategy: Strategy, made: Pass, f: str, *, pytree: bool) -> list[str]:
    many, one = ("U", "u") if strategy.quantity == "mjp" else ("V", "v")
    head = [f"def product({one}):", f"    return {made.product}", ""]
    match strategy.batching:
        case "map":
            return [*head, f"return jax.lax.map(product, {many})"]
        case "loop" if pytree:
            return [
                *head,
                f"k = len(jax.tree.leaves({many})[0])",
                f"each = [product(jax.tree.map(lambda leaf: leaf[i], {many})) for i in range(k)]",
                "return jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)",
            ]
        case "loop":
            return [*head, f"return jnp.stack([product({one}) for {one} in {many}])"]
        case "chunked":
            like = f"jax.eval_shape({f}, x)" if strategy.quantity == "jmp" else "x"
            chunked = _pytree_chunks if pytree else _array_chunks
            whole = _WHOLE[strategy.quantity]
            return [*head, *chunked(strategy.chunk_size or 1, many, whole, like)]
        case _:
            return [*head, f"return jax.vmap(product)({many})"]


_START = "    start = jnp.minimum(i * chunk, k - chunk)  # the last one moves back to fit"


def _array_chunks(size: int, many: str, whole: str, like: str) -> list[str]:
    y = "x" if like == "x" else "y"
    return [
        f"k, chunk = len({many}), min({size}, len({many}))",
        "",
        f"def step(i, {whole}):",
        _START,
        f"    part = jax.vmap(product)(jax.lax.dynamic_slice_in_dim({many}, start, chunk))",
        f"    return jax.lax.dynamic_update_slice_in_dim({whole}, part, start, axis=0)",
        "",
        *([] if y == "x" else [f"y = {like}"]),
        f"{whole} = jnp.zeros((k, *{y}.shape), {y}.dtype)",
        f"return jax.lax.fori_loop(0, -(-k // chunk), step, {whole})",
    ]


def _pytree_chunks(size: int, many: str, whole: str, like: str) -> list[str]:
    return [
        f"k = len(jax.tree.leaves({many})[0])",
        f"chunk = min({size}, k)",
        "",
        f"def step(i, {whole}):",
        _START,
        f"    cut = jax.tree.map(lambda a: jax.lax.dynamic_slice_in_dim(a, start, chunk), {many})",
        "    return jax.tree.map(",
        "        lambda old, new: jax.lax.dynamic_update_slice_in_dim(old, new, start, axis=0),",
        f"        {whole},",
        "        jax.vmap(product)(cut),",
        "    )",
        "",
        f"{whole} = jax.tree.map(lambda a: jnp.zeros((k, *a.shape), a.dtype), {like})",
        f"return jax.lax.fori_loop(0, -(-k // chunk), step, {whole})",
    ]
