"""What `auto` means: the strategy that was tuned for a function, else the one that is estimated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
from jaxtyping import PyTree

from ._advice import textbook, textbook_mode
from ._advise import prefer
from ._estimate import WEIGHTS
from ._failure import Failure, attempt
from ._fingerprint import fingerprint
from ._point import output_shapes, size
from ._remembered import certain, remembered_strategy
from ._shortlist import CHUNK_SIZES, rank
from ._strategy import Strategy, plan

_DISPATCH = 3.0  # times a call that does nothing
_MOST_KEPT = 256
_lock = threading.Lock()
_settled: dict[str, Strategy] = {}  # by fingerprint, so that a second call traces once


def settle(
    asked: Strategy, f: Callable[[Any], Any], x: PyTree[Any], *, open_order: bool = True
) -> Strategy:
    """Return a strategy with everything that was left open filled in.

    Args:
        asked: A Jacobian or a Hessian; a mode or a batching of None is open.
        f: Function of one pytree.
        x: The point; may be traced.
        open_order: Whether another order of a Hessian may be taken.
    """
    if asked.batching is not None and (asked.mode or asked.order):
        return asked
    key = fingerprint(f, x, jax.devices()[0], asked, open_order)
    if key is None:  # it branches on values: nothing to weigh
        return _obvious(asked, f, x)
    # What was tuned is tuned for one device, and other processes may not have it.
    if asked.batching is None and asked.mode is None and open_order and not asked.sharded:
        tuned = remembered_strategy(f, x, asked.quantity)
        ready = None if tuned is None else attempt(lambda: certain(tuned, f, x, None))
        if ready is not None and not isinstance(ready, Failure):
            return ready
    known = _settled.get(key)
    if known is None:
        known = _estimated(asked, f, x)
        with _lock:
            while len(_settled) >= _MOST_KEPT:
                del _settled[next(iter(_settled))]
            _settled[key] = known
    return known


def _estimated(asked: Strategy, f: Callable[[Any], Any], x: PyTree[Any]) -> Strategy:
    obvious = _obvious(asked, f, x)
    ranked = rank([replace(obvious, sharded=False)], f, (x,))
    if ranked and ranked[0].estimate.seconds < _DISPATCH * WEIGHTS["call"]:
        return obvious  # the call itself is most of it, whatever the strategy
    n_in, n_out = size(x), size(output_shapes(f, x))
    chunks = CHUNK_SIZES if asked.chunk_size is None else (asked.chunk_size,)
    candidates = [
        each
        for each in plan(asked.quantity, n_in, n_out, 1, chunks)
        if each.builtin is None
        and asked.mode in (None, each.mode)
        and asked.order in (None, each.order)
        and _allowed(asked, each, n_in, n_out)
    ]
    ranked = rank(candidates, f, (x,))
    rule = textbook(asked.quantity, n_in, n_out)
    if not ranked:
        return obvious
    return replace(prefer(ranked, rule)[0].strategy, sharded=asked.sharded)


def _allowed(asked: Strategy, each: Strategy, n_in: int, n_out: int) -> bool:
    """Whether a batching is the one asked for; chunks that take all passes at once are `vmap`."""
    if asked.batching == "chunked" and each.batching == "vmap":
        return each.passes(n_in, n_out, 1) <= (asked.chunk_size or 0)
    return asked.batching in (None, each.batching)


def _obvious(asked: Strategy, f: Callable[[Any], Any], x: PyTree[Any]) -> Strategy:
    """Fill in the textbook's mode, and all passes at once."""
    mode: Any = asked.mode
    if mode is None and asked.quantity == "jacobian":
        mode = textbook_mode(size(x), size(output_shapes(f, x)))
    return replace(asked, mode=mode, batching=asked.batching or "vmap")
