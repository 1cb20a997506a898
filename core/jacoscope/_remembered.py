"""Choices that `autotune` made, kept on disk: a strategy and the study behind it, no pattern.

What can't be read is as if it were not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
from jaxtyping import PyTree

from ._cache import keep, kept
from ._fingerprint import fingerprint
from ._sparsity import with_coloring
from ._strategy import Quantity, Strategy, named
from ._study import Study

_SCHEMA = 1
_KIND = "choices"


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        strategy: The strategy, without a coloring.
        study: What it was chosen by.
    """

    strategy: Strategy
    study: Study


def recall(key: str) -> Choice | None:
    """Return the choice that is kept under a key; None where there is none that can be read."""
    try:
        return _read(json.loads(kept(_KIND, key) or ""))
    except (ValueError, KeyError, TypeError):
        return None


def remember(key: str, choice: Choice) -> None:
    """Keep a choice under a key; where the folder can't be written nothing is kept."""
    plain = {
        "schema": _SCHEMA,
        "quantity": choice.strategy.quantity,
        "strategy": choice.strategy.name,
        "study": choice.study.to_plain(),
    }
    keep(_KIND, key, json.dumps(plain))


def remembered_strategy(
    f: Callable[[Any], Any], x: PyTree[Any], quantity: Quantity
) -> Strategy | None:
    """Return the strategy that `autotune` chose for `f` at the shapes of `x`; None without.

    Args:
        f: Function of one pytree.
        x: The point; may be traced.
        quantity: What is computed.
    """
    key = fingerprint(f, x, jax.devices()[0], quantity, None, None, False)
    known = None if key is None else recall(key)
    return None if known is None else known.strategy


def certain(
    strategy: Strategy, f: Callable[[Any], Any], x: PyTree[Any], sparsity: Any
) -> Strategy | None:
    """Return a strategy ready for every `x`: with its coloring, if it needs one.

    None where no pattern can be given or proven, as without asdex.
    """
    if strategy.batching != "colored":
        return strategy
    try:
        made = with_coloring(strategy, f, x, sparsity)
    except ImportError:
        return None
    return made if made.coloring is not None and made.coloring.pattern.certain else None


def _read(plain: Mapping[str, Any]) -> Choice | None:
    if plain["schema"] != _SCHEMA:
        return None
    quantity: Quantity = plain["quantity"]
    return Choice(named(quantity, plain["strategy"]), Study.from_plain(plain["study"]))
