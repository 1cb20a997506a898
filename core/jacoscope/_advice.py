"""Advice: which strategy to use, why, and whether the textbook's rule says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ._jacobian import Mode
from ._measurement import Measurement
from ._statistics import TIE_RATIO
from ._units import format_seconds

Source = Literal["estimated", "measured"]


@dataclass(frozen=True)
class Advice:
    """What to use.

    Attributes:
        strategy: The name of the strategy, such as `reverse/chunked/64`.
        chunk_size: Its passes at once; None where it has no chunks.
        reason: One sentence on why.
        textbook: What the textbook's rule says: a mode, or the order of a Hessian's products.
        agrees: Whether the strategy goes the way that the rule says.
        predicted_bytes: Arguments, result and temporaries as XLA predicts them; None if unknown.
        expected_s: Seconds a call, by estimate or as measured; None if unknown.
        source: Where `expected_s` comes from.
    """

    strategy: str
    chunk_size: int | None
    reason: str
    textbook: str
    agrees: bool
    predicted_bytes: int | None = None
    expected_s: float | None = None
    source: Source = "estimated"


def textbook_mode(n_in: int, n_out: int) -> Mode:
    """Return the mode that needs fewer passes: forward for n_in ≤ n_out, else reverse.

    Args:
        n_in: Numbers in the input, the passes of forward mode.
        n_out: Numbers in the output, the passes of reverse mode.

    Returns:
        `forward` or `reverse`.

    >>> textbook_mode(3, 4), textbook_mode(100, 1)
    ('forward', 'reverse')
    """
    return "forward" if n_in <= n_out else "reverse"


def textbook(quantity: str, n_in: int, n_out: int) -> str:
    """Return what the textbook says of a quantity: a mode, or an order of products."""
    match quantity:
        case "jacobian":
            return textbook_mode(n_in, n_out)
        case "jmp":
            return "forward"
        case "mjp":
            return "reverse"
        case _:
            return "forward_over_reverse"


def follows(way: str | None, order: str | None, rule: str) -> bool:
    """Say whether a strategy of that mode or order goes the way of the textbook's rule.

    `jax.hessian` and a linearized gradient are both forward over reverse.
    """
    if rule == "forward_over_reverse":
        return order in (rule, "full_hessian", "linearize")
    return way == rule


def by_rule(rule: str) -> tuple[str, ...]:
    """Name the strategies of who knows the rule alone, whichever quantity: JAX's own comes first.

    Args:
        rule: A mode, or an order of products, as `textbook` returns it.
    """
    builtin = {"forward": "jax.jacfwd", "reverse": "jax.jacrev"}.get(rule, "jax.hessian")
    return builtin, f"{rule}/vmap", f"hvp/{rule}", f"hvp/{rule}/vmap"


def measured_advice(rows: Sequence[Measurement], best: Measurement | None) -> Advice | None:
    """Return the advice that a study gives: its best row, and what it wins.

    Args:
        rows: All rows of the study.
        best: The best of them; None where there is none.
    """
    if best is None or best.median_s is None:
        return None
    rule = textbook(best.quantity, best.n_in or 0, best.n_out or 0)
    return Advice(
        strategy=best.strategy,
        chunk_size=best.chunk_size,
        reason=_reason(rows, best, rule),
        textbook=rule,
        agrees=follows(best.mode, best.order, rule),
        predicted_bytes=best.predicted_bytes,
        expected_s=best.median_s,
        source="measured",
    )


def _reason(rows: Sequence[Measurement], best: Measurement, rule: str) -> str:
    said = f"It took {format_seconds(best.median_s or 0.0)} a call"
    obvious = _obvious(rows, rule)
    hosts = list(dict.fromkeys(row.host for row in rows if row.host and row.median_s is not None))
    mixed = f" {mixed_hosts(hosts)}" if len(hosts) > 1 else ""
    tied = [row for row in rows if row.tie and row is not best] if best.tie else []
    if obvious is None or obvious.median_s is None or best.median_s is None:
        against = ""
    elif obvious is best:
        against = ", and is what the rule picks"
    elif obvious.tie and best.tie:
        against = f", which can't be told from {obvious.strategy}, what the rule picks"
    elif (ratio := obvious.median_s / best.median_s) < TIE_RATIO:
        against = f", about as long as {obvious.strategy}, which the rule picks"
    else:
        against = f", {ratio:.2g} times less than {obvious.strategy}, which the rule picks"
    if not tied:
        return f"{said}{against}.{mixed}"
    others = "another one ties" if len(tied) == 1 else f"{len(tied)} others tie"
    memory = {
        True: ", and it takes the least memory of them",
        False: ", none with less memory",
        None: "",
    }
    return f"{said}{against}; {others} with it{memory[best.takes_less(tied)]}.{mixed}"


def mixed_hosts(hosts: Sequence[str]) -> str:
    """Say that times come from several machines.

    >>> mixed_hosts(["node1", "node2"])
    'These times are of different hosts, node1 and node2: one of those may be the faster machine.'
    """
    named = f"{', '.join(hosts[:-1])} and {hosts[-1]}"
    return f"These times are of different hosts, {named}: one of those may be the faster machine."


def _obvious(rows: Sequence[Measurement], rule: str) -> Measurement | None:
    """Return the row of what someone with the rule alone would write: JAX's own, or all at once."""
    timed = [row for row in rows if row.median_s is not None and row.status == "ok"]
    return next((row for name in by_rule(rule) for row in timed if row.strategy == name), None)
