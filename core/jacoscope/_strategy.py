"""A strategy as plain data: one way to compute a quantity, its name and the passes it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never, get_args

from ._batching import Batching
from ._colored import ColoredMode
from ._coloring import Coloring
from ._hessian import Order

Quantity = Literal["jacobian", "hessian", "hvp", "jmp", "mjp"]
Builtin = Literal["jax.jacfwd", "jax.jacrev", "jax.hessian"]
Way = Batching | Literal["colored", "folded"]

SHARDED = "sharded"
WAYS: tuple[Way, ...] = (*get_args(Batching), "colored", "folded")

_BUILTIN_MODES: dict[Builtin, ColoredMode | None] = {
    "jax.jacfwd": "forward",
    "jax.jacrev": "reverse",
    "jax.hessian": None,
}
_UNROLLED_PASSES = 128  # a longer loop takes up to minutes to trace and compile


@dataclass(frozen=True)
class Strategy:
    """One way to compute a quantity.

    Attributes:
        quantity: What is computed.
        mode: `forward`, `reverse` or `linearize`, colored also `mixed`; None where an order
            says it.
        batching: How the passes are applied; None for one product, and for JAX's own. `folded` is
            `vmap` without what does not depend on the point; see `_folding.py`.
        chunk_size: Passes at once, for `chunked`; also for `colored`, where None is all.
        order: The order of a Hessian-vector product or of a Hessian.
        builtin: The function of JAX that this is, for reference; None for our own.
        coloring: The pattern and its colors, for `colored`; None until they are found.
        sharded: Whether the devices of a mesh share the passes; see `_shares.py`. What is said of
            passes at once then holds for each of them.
    """

    quantity: Quantity
    mode: ColoredMode | None = None
    batching: Way | None = None
    chunk_size: int | None = None
    order: Order | None = None
    builtin: Builtin | None = None
    coloring: Coloring | None = field(default=None, compare=False, repr=False)
    sharded: bool = False

    @property
    def name(self) -> str:
        """The name in a study, such as `forward/chunked/64` or `hvp/reverse_over_forward`."""
        if self.builtin is not None:
            return self.builtin
        head = "hvp" if self.quantity == "hvp" else self.mode
        parts = (
            head,
            self.order,
            self.batching,
            self.chunk_size,
            SHARDED if self.sharded else None,
        )
        return "/".join(str(part) for part in parts if part is not None)

    @property
    def direction(self) -> Literal["forward", "reverse", "mixed"] | None:
        """Which way the passes go, as a study's `mode` has it: linearized ones go forward."""
        return "forward" if self.mode == "linearize" else self.mode

    def passes(self, n_in: int, n_out: int, vectors: int) -> int:
        """Count the products with one vector that it takes.

        Args:
            n_in: Numbers in the input.
            n_out: Numbers in the output.
            vectors: How many vectors, for `jmp`, `mjp` and `hvp`.
        """
        if self.coloring is not None:
            return self.coloring.passes
        match self.quantity:
            case "jacobian":
                return n_out if self.mode == "reverse" else n_in
            case "hessian":
                return n_in
            case "hvp":
                return n_in if self.order == "full_hessian" else vectors
            case "jmp" | "mjp":
                return vectors
            case never:
                assert_never(never)

    def group(self, passes: int) -> int:
        """Count the passes that run at once."""
        if self.batching in ("loop", "map"):
            return min(1, passes)
        return min(self.chunk_size or passes, passes)


def plan(
    quantity: Quantity, n_in: int, n_out: int, vectors: int, chunk_sizes: tuple[int, ...]
) -> list[Strategy]:
    """List the strategies that a comparison measures, JAX's own first.

    Chunks as long as all passes would repeat `vmap` and are left out, as are loops of more than
    128 passes, which take up to minutes to trace.

    Args:
        quantity: What is computed.
        n_in: Numbers in the input.
        n_out: Numbers in the output.
        vectors: How many vectors, for `jmp`, `mjp` and `hvp`.
        chunk_sizes: The chunk sizes to try.

    Raises:
        ValueError: The quantity is unknown or a chunk size is not a positive integer.
    """
    if quantity not in get_args(Quantity):
        allowed = ", ".join(get_args(Quantity))
        raise ValueError(f"`quantity` must be one of {allowed}, but got {quantity!r}.")
    for size in chunk_sizes:
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"`chunk_sizes` must be positive integers, but got {size!r}.")
    return [
        strategy
        for strategy in _candidates(quantity, vectors, sorted(set(chunk_sizes)))
        if _worthwhile(strategy, strategy.passes(n_in, n_out, vectors))
    ]


def shareable(strategies: Sequence[Strategy]) -> list[Strategy]:
    """List those whose passes the devices of a mesh can share with profit: several at once."""
    return [
        each
        for each in strategies
        if each.batching in ("vmap", "chunked", "colored")
        and each.order != "full_hessian"
        and (each.coloring is not None or each.batching != "colored")
    ]


def named(quantity: Quantity, name: str) -> Strategy:
    """Return the strategy of that name; the inverse of `Strategy.name`.

    Raises:
        ValueError: No strategy for this quantity is called so.

    >>> named("jacobian", "linearize/chunked/64").chunk_size
    64
    """
    for builtin in get_args(Builtin):
        if name == builtin:
            mode = _BUILTIN_MODES[builtin]
            order: Order | None = "full_hessian" if builtin == "jax.hessian" else None
            return Strategy(quantity, mode, order=order, builtin=builtin)
    known: dict[str, Any] = {}
    for part in name.split("/"):
        if part.isdecimal():
            known["chunk_size"] = int(part)
        elif part in get_args(ColoredMode) and quantity in ("jacobian", "jmp", "mjp"):
            known["mode"] = part
        elif part in get_args(Order):
            known["order"] = part
        elif part in WAYS:
            known["batching"] = part
        elif part == SHARDED:
            known["sharded"] = True
    strategy = Strategy(quantity, **known)
    if not name or strategy.name != name:
        raise ValueError(f"There is no strategy {name!r} for the quantity {quantity}.")
    return strategy


def _worthwhile(strategy: Strategy, passes: int) -> bool:
    if strategy.batching == "chunked":
        return (strategy.chunk_size or 0) < passes
    return not (strategy.batching == "loop" and passes > _UNROLLED_PASSES)


def _candidates(quantity: Quantity, vectors: int, chunk_sizes: list[int]) -> list[Strategy]:
    batchings: list[tuple[Batching, int | None]] = [
        ("vmap", None),
        *(("chunked", size) for size in chunk_sizes),
        ("map", None),
        ("loop", None),
    ]
    orders: tuple[Order, ...] = get_args(Order)
    once: list[tuple[Batching, int | None]] = [  # of the chunks one size, to keep the list short
        ("vmap", None),
        *(("chunked", size) for size in chunk_sizes[len(chunk_sizes) // 2 :][:1]),
    ]
    match quantity:
        case "jacobian":
            return [
                *(named(quantity, name) for name in ("jax.jacfwd", "jax.jacrev")),
                *(Strategy(quantity, "forward", *how) for how in batchings),
                *(Strategy(quantity, "linearize", *how) for how in once),
                *(Strategy(quantity, "reverse", *how) for how in batchings),
            ]
        case "jmp":
            return [Strategy(quantity, "forward", *how) for how in batchings]
        case "mjp":
            return [Strategy(quantity, "reverse", *how) for how in batchings]
        case "hessian":
            first: Order = "forward_over_reverse"
            return [
                named(quantity, "jax.hessian"),
                *(Strategy(quantity, None, *how, order=first) for how in batchings),
                *(
                    Strategy(quantity, None, "vmap", order=order)
                    for order in orders
                    if order not in (first, "linearize", "full_hessian")
                ),
                *(Strategy(quantity, None, *how, order="linearize") for how in once),
            ]
        case "hvp":
            if vectors == 1:
                one: list[Order] = [order for order in orders if order != "linearize"]
                return [Strategy(quantity, order=order) for order in one]  # which pays for many
            return [
                *(Strategy(quantity, None, "vmap", order=order) for order in orders),
                *(Strategy(quantity, None, *how, order=orders[0]) for how in batchings[1:]),
            ]
        case never:
            assert_never(never)
