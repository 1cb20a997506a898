"""What is said of JAX's modes, each claim with the experiment that tests it on this machine.

A verdict is a function of what was measured and of nothing else: true here, not true here, or no
answer, which a tie or a time too small to tell gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from jacoscope import Measurement

from .figures import format_bytes, format_seconds

_PAGE = "JAX documentation, Forward- and reverse-mode autodiff in JAX"
_COOKBOOK = "JAX documentation, The Autodiff Cookbook"
_NEAR, _FAR = 1.5, 3.0  # what counts as "about", and as growing

Points = Mapping[int, Sequence[Measurement]]


@dataclass(frozen=True)
class Verdict:
    """What an experiment says of a claim.

    Attributes:
        holds: Whether the claim is true here; None where that can't be told.
        sentence: What was measured.
    """

    holds: bool | None
    sentence: str


@dataclass(frozen=True)
class Lesson:
    """A claim, the experiment that tests it, and how its numbers are read.

    Attributes:
        name: In code and tests.
        claim: One sentence.
        source: Who says so.
        why: What is behind it, in one or two sentences.
        problem: Of the gallery.
        knobs: The problem's knobs; one of them may be `size`'s.
        quantity: What is compared.
        sizes: One comparison each: a value of the knob `size`, or of `vectors`.
        size: The knob that the sizes are of; empty for a single comparison.
        judge: From size → rows to a verdict.
    """

    name: str
    claim: str
    source: str
    why: str
    problem: str
    judge: Callable[[Points], Verdict]
    knobs: Mapping[str, Any] = field(default_factory=dict)
    quantity: str = "jacobian"
    sizes: tuple[int, ...] = (1,)
    size: str = ""


def _fastest(rows: Sequence[Measurement], fits: Callable[[str], bool]) -> Measurement | None:
    timed = [row for row in rows if row.median_s is not None and fits(row.strategy)]
    return min(timed, key=lambda row: row.median_s or 0.0, default=None)


def _apart(slow: Measurement, fast: Measurement) -> bool:
    """Whether the intervals of two medians leave no doubt which is which."""
    return (slow.low_s or 0.0) > (fast.high_s or float("inf"))


def faster(points: Points, claimed: str, other: str) -> Verdict:
    """Judge whether one strategy is faster than another, in one comparison."""
    (rows,) = points.values()
    one, two = (_fastest(rows, partial(str.__eq__, name)) for name in (claimed, other))
    if one is None or two is None:
        missing = claimed if one is None else other
        return Verdict(None, f"There is no time of {missing}.")
    a, b = one.median_s or 0.0, two.median_s or 0.0
    said = f"{one.strategy} took {format_seconds(a)}, {two.strategy} {format_seconds(b)}"
    if _apart(two, one):
        return Verdict(True, f"{said}: {_times(b / a)} as long.")
    if _apart(one, two):
        return Verdict(False, f"{said}, which is {_times(a / b)} less.")
    return Verdict(None, f"{said}: a tie.")


def best_of_all(points: Points, claimed: str, among: Sequence[str]) -> Verdict:
    """Judge whether one strategy is the fastest of several; a tie with another is no answer."""
    (rows,) = points.values()
    own = _fastest(rows, lambda name: name == claimed)
    rival = _fastest(rows, lambda name: name in among and name != claimed)
    if own is None or rival is None:
        return Verdict(None, "Not all of them were timed.")
    return faster(points, claimed, rival.strategy)


def beaten_by_another(points: Points, whole: str, mode: str) -> Verdict:
    """Judge whether a mode's `vmap` over all passes is the fastest of that mode's own ways."""
    (rows,) = points.values()
    rival = _fastest(
        rows, lambda name: name.startswith(f"{mode}/") and not name.endswith(("vmap", "folded"))
    )
    if rival is None:
        return Verdict(None, f"No other way of {mode} mode was timed.")
    return faster(points, whole, rival.strategy)


def costs_about(points: Points, strategy: str, units: float) -> Verdict:
    """Judge whether one pass costs about so many evaluations of f."""
    (rows,) = points.values()
    row = _fastest(rows, lambda name: name == strategy)
    if row is None or row.cost_of_f is None:
        return Verdict(None, f"There is no cost of {strategy} in units of f.")
    near = units / _NEAR <= row.cost_of_f <= units * _NEAR
    return Verdict(near, f"One pass of {strategy} cost {row.cost_of_f:.2g} evaluations of f.")


def one_more_costs_about(points: Points, strategy: str, units: float) -> Verdict:
    """Judge what one more vector costs where there are many, in units of f."""
    few, many = min(points), max(points)
    less, more = (_fastest(points[size], partial(str.__eq__, strategy)) for size in (few, many))
    if less is None or more is None or not less.cost_of_f:
        return Verdict(None, f"{strategy} was not timed at both numbers of vectors.")
    own_s = (less.median_s or 0.0) / (less.passes or 1) / less.cost_of_f
    added = ((more.median_s or 0.0) - (less.median_s or 0.0)) / (many - few) / own_s
    near = units / _NEAR <= added <= units * _NEAR
    said = f"From {few} to {many} vectors, each one more cost {added:.2g} evaluations of f."
    return Verdict(near, said)


def only_reverse_grows(points: Points) -> Verdict:
    """Judge whether reverse mode's temporary memory grows with the size and forward's doesn't."""
    small, large = min(points), max(points)

    def bytes_of(mode: str, size: int) -> int | None:
        row = next((each for each in points[size] if each.strategy == f"{mode}/map"), None)
        return None if row is None else row.temp_bytes

    sizes = {mode: [bytes_of(mode, size) for size in (small, large)] for mode in _TWO}
    known = {mode: [each for each in pair if each] for mode, pair in sizes.items()}
    if any(len(pair) < len(_TWO) for pair in known.values()):
        return Verdict(None, "XLA's prediction is missing for one of them.")
    grown = {mode: last / first for mode, (first, last) in known.items()}
    words = "; ".join(
        f"{mode} {format_bytes(first)} → {format_bytes(last)}"
        for mode, (first, last) in known.items()
    )
    holds = grown["forward"] <= _NEAR and grown["reverse"] >= _FAR
    return Verdict(holds, f"Temporaries from {small} to {large} steps: {words}.")


def less_memory_in_time(points: Points, claimed: str, other: str, share: float) -> Verdict:
    """Judge whether one takes at most a share of another's temporaries and is not slower."""
    (rows,) = points.values()
    one, two = (_fastest(rows, partial(str.__eq__, name)) for name in (claimed, other))
    if one is None or two is None or one.temp_bytes is None or not two.temp_bytes:
        return Verdict(None, "One of the two was not measured.")
    taken = one.temp_bytes / two.temp_bytes
    said = (
        f"{one.strategy} took {format_seconds(one.median_s or 0.0)} and"
        f" {format_bytes(one.temp_bytes)} of temporaries, {two.strategy}"
        f" {format_seconds(two.median_s or 0.0)} and {format_bytes(two.temp_bytes)}."
    )
    return Verdict(taken <= share and not _apart(one, two), said)


def _times(ratio: float) -> str:
    return f"{ratio:.0f} times" if ratio >= 10 else f"{ratio:.2g} times"


_TWO = ("forward", "reverse")
_ORDERS = tuple(
    f"hvp/{order}"
    for order in ("forward_over_reverse", "reverse_over_forward", "reverse_over_reverse")
)

LESSONS = (
    Lesson(
        "wide",
        "For a function to a single number, reverse mode is the way.",
        _PAGE,
        "It takes one VJP, where forward mode takes a JVP for each input.",
        "logistic_loss",
        partial(faster, claimed="jax.jacrev", other="jax.jacfwd"),
        {"batch": 1024, "features": 256},
    ),
    Lesson(
        "tall",
        "For a function with few inputs and many outputs, forward mode is the way.",
        _PAGE,
        "It takes one JVP an input. The wrong mode costs in proportion to the shape, which may be"
        " a factor of hundreds.",
        "tall_curve",
        partial(faster, claimed="jax.jacfwd", other="jax.jacrev"),
        {"points": 1024, "terms": 8},
    ),
    Lesson(
        "square",
        "For a square Jacobian, forward mode has an edge over reverse mode.",
        _COOKBOOK,
        "The number of passes is the same, and a JVP keeps no residuals. But what a pass costs"
        " depends on the operations, so the crossover need not be at n = m.",
        "square_mlp",
        partial(faster, claimed="jax.jacfwd", other="jax.jacrev"),
        {"width": 256, "depth": 3},
    ),
    Lesson(
        "rule",
        "With fewer outputs than inputs, reverse mode is the faster one.",
        "the rule n ≤ m → forward, else reverse",
        "The rule counts passes. It doesn't know what one costs, nor that their results may have to"
        " be laid out anew.",
        "squared_differences",
        partial(faster, claimed="jax.jacrev", other="jax.jacfwd"),
        {"unknowns": 1024},
    ),
    Lesson(
        "vmap_or_loop",
        "A vmap over the vectors is much faster than a loop over them.",
        _PAGE,
        "The loop's products of a matrix with a vector become one of two matrices. Where the loop"
        " is compiled as a whole, there is less to win.",
        "square_mlp",
        partial(faster, claimed="forward/vmap", other="forward/loop"),
        {"width": 128, "depth": 3},
        "jmp",
        (64,),
        "vectors",
    ),
    Lesson(
        "vmap_or_chunks",
        "A vmap over all passes is the fastest way to a whole Jacobian.",
        "what jax.jacfwd and jax.jacrev do",
        "All passes at once make intermediates as large as the Jacobian times a layer. Chunks, or"
        " one at a time, may stay in the caches.",
        "wide_loss",
        partial(beaten_by_another, whole="reverse/vmap", mode="reverse"),
        {"parameters": 2048, "losses": 32},
    ),
    Lesson(
        "hvp_order",
        "Forward over reverse is the fastest order of a Hessian-vector product.",
        _PAGE,
        "The other orders do the same work another way about, and XLA fuses most of the difference"
        " away: they often tie.",
        "tanh_sum",
        partial(best_of_all, claimed=_ORDERS[0], among=_ORDERS),
        {"rows": 256, "columns": 256},
        "hvp",
        (1,),
        "vectors",
    ),
    Lesson(
        "jvp_cost",
        "A JVP takes about three times as long as the function.",
        _PAGE,
        "The page counts f, its linearization and the linear part. For matrix products a JVP is"
        " twice f's work, for others more or less.",
        "square_mlp",
        partial(costs_about, strategy="forward/vmap", units=3.0),
        {"width": 512, "depth": 6},
        "jmp",
        (1,),
        "vectors",
    ),
    Lesson(
        "one_more_jvp",
        "At a fixed point, one more JVP costs about one evaluation of the function.",
        _PAGE,
        "f is computed once for all of the vectors; what each adds is its own linear part.",
        "tanh_sum",
        partial(one_more_costs_about, strategy="forward/vmap", units=1.0),
        {"rows": 128, "columns": 128},
        "jmp",
        (1, 65),
        "vectors",
    ),
    Lesson(
        "depth",
        "Reverse mode's memory grows with depth, and forward mode's doesn't.",
        _PAGE,
        "The backward pass needs what the forward pass has computed, step by step; a JVP goes along"
        " with f and forgets.",
        "rnn_rollout",
        only_reverse_grows,
        {"width": 32},
        sizes=(16, 256),
        size="steps",
    ),
    Lesson(
        "hessian_memory",
        "A Hessian in chunks of a linearized gradient takes a tenth of the memory, and no longer.",
        "measured while this tool was built",
        "jax.hessian has all columns in flight at once. Chunks have a few, and the gradient's own"
        " values are computed once.",
        "tanh_sum",
        partial(
            less_memory_in_time, claimed="linearize/chunked/64", other="jax.hessian", share=0.1
        ),
        {"rows": 32, "columns": 32},
        "hessian",
    ),
    Lesson(
        "folded",
        "What doesn't depend on x is not computed again in each call.",
        "what one may expect of a compiler",
        "jax.jacfwd multiplies fixed weights with the standard basis anew each time, as XLA folds"
        " no products of that size. The folded way has that done once.",
        "logistic_regression",
        partial(faster, claimed="jax.jacfwd", other="forward/folded"),
        {"batch": 1024, "features": 256},
    ),
)
