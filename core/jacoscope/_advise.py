"""The public `advise`: a strategy by estimate, nothing timed and nothing run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import jax
from jax import core
from jaxtyping import PyTree

from ._advice import Advice, by_rule, follows, textbook
from ._colored_plan import plan_colored
from ._failure import LEFT_BEHIND, Failure, attempt, explained
from ._fit import fitting, predict_bytes
from ._folded_plan import plan_folded
from ._hessian import check_scalar
from ._limits import MemoryLimitError, read_bytes
from ._mesh import Where, placed_on
from ._point import as_point, output_shapes, size
from ._program import draw_vectors, program
from ._purity import look_twice
from ._scene import Scene
from ._shares import Shares
from ._shortlist import CHUNK_SIZES, Ranked, rank
from ._strategy import Quantity, Strategy, plan, shareable
from ._units import format_seconds

_WORTH_IT = 1.15  # below this gain by estimate, the textbook's way is as good
_SAID = {
    "step": "the steps of its loop",
    "dot": "matrix products",
    "conv": "convolutions",
    "solve": "factorizations and solves",
    "fft": "Fourier transforms",
    "elementwise": "arithmetic on single numbers",
    "divide": "divisions and roots",
    "transcendental": "transcendental functions",
    "reduce": "sums over axes",
    "scan": "cumulative sums",
    "sort": "sorting",
    "gather": "gathers",
    "scatter": "scatters",
    "move": "copies",
    "update": "writing into the result",
    "large": "arrays that no cache holds",
    "call": "the call itself",
}


def advise(
    f: Callable[..., Any],
    x: PyTree[Any],
    quantity: Quantity = "jacobian",
    memory_limit: int | str | None = None,
    *,
    vectors: int | None = None,
    sparsity: Any = None,
    device: Where = None,
) -> Advice:
    """Say which strategy to use for a quantity of `f` at `x`, without timing anything.

    Each strategy is traced and the work in its jaxpr weighed, loops multiplied; the one chosen is
    compiled, for XLA's prediction of its memory. Where a few columns of the derivative say that it
    is sparse, its pattern is looked for, and the colored strategies join in; as do the folded ones
    where there is work that does not depend on `x`.

    Args:
        f: Function of one pytree, one that `jax.jit` takes.
        x: Point, a pytree of floating-point arrays.
        quantity: `jacobian`, `hessian`, `hvp`, `jmp` or `mjp`.
        memory_limit: Bytes, or a text such as "2GB", for arguments, result and temporaries. What
            needs more by prediction is not advised; chunks are made smaller to fit.
        vectors: How many, for `jmp`, `mjp` and `hvp`; None for 128, and for one HVP.
        sparsity: Where the derivative may be other than zero, as for `jacobian`.
        device: Where, as for `jacobian`. For several devices it is a strategy that they share,
            named so; memory, its limit included, and the estimate are then those of each.

    Returns:
        The advice. Its `expected_s` is an estimate that ranks strategies; `compare` and
        `autotune` measure.

    Raises:
        TypeError: `x` or `f(x)` is not floating point, or `f` returns more than one number where a
            Hessian is asked for.
        ValueError: `f` or its derivative can't be traced, or a word or number is off.
        MemoryLimitError: Not even one pass at a time fits.

    >>> import jax.numpy as jnp
    >>> advice = advise(lambda x: jnp.sum(x**2, keepdims=True), jnp.ones(500))
    >>> advice.textbook, advice.agrees
    ('reverse', True)
    """
    if not callable(f):
        raise TypeError(f"`f` must be a function, but got {type(f).__name__}.")
    mesh, point = placed_on(device, as_point(x))
    shares = None if mesh is None else Shares(mesh)
    count = vectors or (1 if quantity == "hvp" else 128)
    with explained():
        y = output_shapes(f, point)
    if quantity in ("hessian", "hvp"):
        check_scalar(y)
    purity = look_twice(f, x)
    if purity.uses_left:
        raise ValueError(LEFT_BEHIND)
    given = draw_vectors(quantity, point, y, count)
    arguments = (point,) if given is None else (point, given)
    planned = plan(quantity, size(point), size(y), count, CHUNK_SIZES)
    planned += found_candidates(quantity, f, point, y, sparsity)
    if shares is not None:
        planned = [replace(each, sharded=True) for each in shareable(planned)]
    ranked = rank(planned, f, arguments, shares)
    if not ranked:
        raise untraceable(f, point, planned, arguments)
    rule = textbook(quantity, size(point), size(y))
    limit = None if memory_limit is None else read_bytes(memory_limit)
    choice, predicted = _fitting(prefer(ranked, rule), f, arguments, size(y), limit, shares)
    return Advice(
        strategy=choice.strategy.name,
        chunk_size=choice.strategy.chunk_size,
        reason=f"{_reason(choice, ranked, rule)} {purity.note}".strip(),
        textbook=rule,
        agrees=follows(choice.strategy.direction, choice.strategy.order, rule),
        predicted_bytes=predicted,
        expected_s=choice.estimate.seconds,
    )


def untraceable(
    f: Callable[[Any], Any],
    x: PyTree[Any],
    planned: Sequence[Strategy] = (),
    arguments: tuple[Any, ...] = (),
) -> ValueError:
    """Return the error that says why `f`, or the first of some strategies, can't be traced."""
    failure = attempt(lambda: jax.make_jaxpr(f)(x))
    if isinstance(failure, Failure):
        said = f"`f` can't be traced, so no strategy can be chosen for it. {failure.message}"
        return ValueError(said)
    for each in planned:
        failure = attempt(lambda it=each: jax.make_jaxpr(program(it, f))(*arguments))
        if isinstance(failure, Failure):
            return ValueError(f"No strategy can be chosen. {failure.message}")
    return ValueError("No strategy can be chosen: none of them can be traced.")


def prefer(ranked: list[Ranked], rule: str) -> list[Ranked]:
    """Put first what is to be taken: the least estimate, unless the textbook's way comes close.

    Args:
        ranked: By estimate, least first.
        rule: The textbook's mode or order.
    """
    obvious = _obvious(ranked, rule)
    if obvious is None or obvious.estimate.seconds > _WORTH_IT * ranked[0].estimate.seconds:
        return ranked
    return [obvious, *(each for each in ranked if each is not obvious)]


def found_candidates(
    quantity: Quantity, f: Callable[[Any], Any], x: PyTree[Any], y: PyTree[Any], sparsity: Any
) -> list[Strategy]:
    """List the strategies that `f` itself must be looked at for, and that hold for every `x`.

    They are the colored ones whose pattern is proven from the jaxpr or given, else the folded ones.
    """
    if any(isinstance(leaf, core.Tracer) for leaf in jax.tree.leaves(x)):
        return []
    scene = Scene(f, x, y, None, 1, True, "", jax.devices()[0], None)
    found = plan_colored(quantity, scene, sparsity, failed={})
    colored = [
        each
        for each in found.strategies
        if each.coloring is not None and each.coloring.pattern.certain
    ]
    return colored or plan_folded(quantity, scene)


def _fitting(
    ranked: Iterable[Ranked],
    f: Callable[[Any], Any],
    arguments: tuple[Any, ...],
    n_out: int,
    limit_bytes: int | None,
    shares: Shares | None,
) -> tuple[Ranked, int | None]:
    """Return the first that fits by prediction, made smaller if need be, and its prediction."""
    least: MemoryLimitError | None = None
    for each in ranked:
        needed = attempt(lambda it=each: predict_bytes(it.strategy, f, arguments, shares=shares))
        if isinstance(needed, Failure):
            continue
        if limit_bytes is None or needed is None or needed <= limit_bytes:
            return each, needed
        if least is None or needed < (least.needed_bytes or 0):
            least = MemoryLimitError(needed, limit_bytes, None)
    assert least is not None, "a strategy that can be traced can be compiled"
    wholes = [each.strategy for each in ranked if each.strategy.batching in ("chunked", "vmap")]
    fit = made_to_fit(wholes, f, arguments, n_out, least.limit_bytes, shares)
    smaller = rank(fit, f, arguments, shares)
    if not smaller:
        raise least
    return smaller[0], predict_bytes(smaller[0].strategy, f, arguments, shares=shares)


def made_to_fit(
    strategies: Iterable[Strategy],
    f: Callable[[Any], Any],
    arguments: tuple[Any, ...],
    n_out: int,
    limit_bytes: int,
    shares: Shares | None = None,
) -> list[Strategy]:
    """List the largest form that fits of each mode or order among strategies; none where none."""
    found = {}
    for each in strategies:
        way = each.mode, each.order
        if way not in found:
            passes = each.passes(size(arguments[0]), n_out, 1)
            found[way] = attempt(
                lambda it=each, passes=passes: fitting(
                    it, f, arguments, passes, limit_bytes, shares=shares
                )
            )
    return [made for made in found.values() if isinstance(made, Strategy)]


def _obvious(ranked: Iterable[Ranked], rule: str) -> Ranked | None:
    """Return what someone with the rule alone would write."""
    names = by_rule(rule)
    alone = [(replace(each.strategy, sharded=False).name, each) for each in ranked]
    return next((each for name in names for its, each in alone if its == name), None)


def _reason(choice: Ranked, ranked: Iterable[Ranked], rule: str) -> str:
    name = choice.strategy.name
    about = f"By estimate {name} takes about {format_seconds(choice.estimate.seconds)} a call"
    obvious = _obvious(ranked, rule)
    if obvious is None or obvious.strategy is choice.strategy:
        return f"{about}, most of it {_SAID.get(choice.estimate.largest, 'data movement')}."
    ratio = obvious.estimate.seconds / choice.estimate.seconds
    less = f"{about}, {ratio:.2g} times less than {obvious.strategy.name}, which the rule picks"
    if choice.strategy.coloring is not None:
        passes = choice.strategy.coloring.passes
        return f"{less}: its sparsity leaves {passes} pass{'' if passes == 1 else 'es'}."
    ours, theirs = choice.estimate.parts, obvious.estimate.parts
    saved = max(theirs, key=lambda kind: theirs[kind] - ours.get(kind, 0.0))
    return f"{less} and which spends more on {_SAID.get(saved, 'data movement')}."
