"""Constant folding: what of a program does not depend on its arguments is computed once.

A pass over the whole standard basis knows its vectors before it knows the point. What becomes of
them in linear maps that are fixed, such as the weights of the first layer for a JVP or of the last
one for a VJP, is the same for every point, but is computed anew in each call: XLA folds no products
of that size. Here they are taken out of the traced program, and come back as arrays that it is
called with.

Only what is dear is taken out, as products, convolutions and transforms are. What is cheap, such as
the basis itself, XLA fuses into what uses it, and reading it from memory would take longer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import jax
from jax import core
from jax.extend.core import Literal

_DEAR_NAMES = """
    argsort cholesky conv_general_dilated cumlogsumexp cummax cummin cumprod cumsum
    custom_linear_solve dot_general eig eigh fft gather householder_product lu qr
    ragged_dot_general reduce_window reduce_window_sum scan scatter scatter-add schur sort svd
    triangular_solve tridiagonal tridiagonal_solve while
"""
_DEAR = frozenset(_DEAR_NAMES.split())
_CALLS = ("jit", "pjit", "closed_call", "core_call")


@dataclass(frozen=True)
class _Step:
    """An equation; its inputs and outputs are numbered, over all that it is nested in."""

    equation: Any
    inputs: tuple[Any, ...]  # numbers, or literals
    outputs: tuple[int, ...]

    @property
    def reads(self) -> list[int]:
        """The numbers among its inputs."""
        return [each for each in self.inputs if isinstance(each, int)]


@dataclass(frozen=True)
class Folding:
    """A program in two parts: what is computed once, and what is left.

    Attributes:
        jaxpr: Of the whole.
        shapes: Of the arrays that are computed once; none where nothing is worth it.
        constants: Computes them, under a trace, too.
        rest: The program, from these arrays and its arguments.
    """

    jaxpr: Any
    shapes: list[jax.ShapeDtypeStruct]
    constants: Callable[[], list[Any]]
    rest: Callable[..., Any]

    @property
    def bytes(self) -> int:
        """What the arrays take."""
        return sum(each.size * each.dtype.itemsize for each in self.shapes)


class Folded:
    """A function that computes in each call only what depends on its arguments.

    Args:
        function: A function of pytrees of arrays that JAX can trace.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        """Compute what `function` does."""
        folding = self.fold(*arguments)
        # Behind a barrier, or XLA would take minutes to fold what is left to do with them.
        return folding.rest(jax.lax.optimization_barrier(folding.constants()), *arguments)

    def fold(self, *arguments: Any) -> Folding:
        """Trace the function and take it apart; nothing is computed yet.

        Args:
            *arguments: Arrays, or their shapes.
        """
        closed, shape = jax.make_jaxpr(self._function, return_shape=True)(*arguments)
        structure = jax.tree.structure(shape)
        flat = _Flat(closed)
        rest, wanted = _apart(flat, _known(flat))
        once, read = _backward(flat.steps, wanted, lambda step: not step.equation.effects)

        def constants() -> list[Any]:
            given = {each: value for each, value in flat.values.items() if each in read}

            def compute(given: dict[int, Any]) -> list[Any]:
                values = dict(given)
                _run(once, values)
                return [values[number] for number in wanted]

            # Compiled apart: within a trace, a call of a jitted function would become part of it.
            return jax.jit(compute).lower(given).compile()(given) if wanted else []

        def remainder(constants: Sequence[Any], *arguments: Any) -> Any:
            values = dict(flat.values)
            values.update(zip(wanted, constants, strict=True))
            values.update(zip(flat.inputs, jax.tree.leaves(arguments), strict=True))
            _run(rest, values)
            return jax.tree.unflatten(structure, [_value(each, values) for each in flat.outputs])

        shapes = [flat.shapes[number] for number in wanted]
        return Folding(closed.jaxpr, shapes, constants, remainder)


class _Flat:
    """The equations of a jaxpr, those of what it calls among them, each of its kind once.

    Attributes:
        steps: In their order.
        inputs: The numbers of its arguments.
        outputs: The numbers of its results, or literals.
        values: Number → the value of a constant.
        shapes: Number → shape and dtype, of what the steps give.
    """

    def __init__(self, closed: Any) -> None:
        self._numbers = count()
        self._made: dict[Any, list[int]] = {}  # what a step is → its outputs
        self.steps: list[_Step] = []
        self.values: dict[int, Any] = {}
        self.shapes: dict[int, jax.ShapeDtypeStruct] = {}
        self.inputs = [next(self._numbers) for _ in closed.jaxpr.invars]
        self.outputs = self._walk(closed, self.inputs)

    def _walk(self, closed: Any, inputs: Sequence[Any]) -> list[Any]:
        jaxpr = closed.jaxpr
        numbers = dict(zip(jaxpr.invars, inputs, strict=True))
        for var, value in zip(jaxpr.constvars, closed.consts, strict=True):
            numbers[var] = next(self._numbers)
            self.values[numbers[var]] = value

        def number(atom: Any) -> Any:
            return atom if isinstance(atom, Literal) else numbers[atom]

        for equation in jaxpr.eqns:
            given = [number(each) for each in equation.invars]
            if equation.primitive.name in _CALLS:
                made = self._walk(equation.params["jaxpr"], given)
            else:
                made = self._step(equation, tuple(given))
            numbers.update(zip(equation.outvars, made, strict=True))
        return [number(each) for each in jaxpr.outvars]

    def _step(self, equation: Any, inputs: tuple[Any, ...]) -> list[int]:
        """Add a step, unless there is one like it; return its outputs."""
        key: Any = (equation.primitive, inputs, frozenset(equation.params.items()))
        try:
            hash(key)
        except TypeError:  # of an array, or a literal: nothing else is taken for the same
            key = object()
        made = self._made.get(key)
        if made is None or equation.effects:
            made = self._made[key] = [next(self._numbers) for _ in equation.outvars]
            for each, var in zip(made, equation.outvars, strict=True):
                self.shapes[each] = jax.ShapeDtypeStruct(var.aval.shape, var.aval.dtype)
            self.steps.append(_Step(equation, inputs, tuple(made)))
        return made


def _known(flat: _Flat) -> dict[int, int]:
    """Return the numbers that depend on no argument; with the bytes of those that were dear, or 0.

    What is made of dear ones is as dear, unless it is larger.
    """
    known = {
        number: 0 for number, value in flat.values.items() if not isinstance(value, core.Tracer)
    }
    for step in flat.steps:
        if step.equation.effects or not all(each in known for each in step.reads):
            continue
        dear = sum(known[each] for each in step.reads)
        shapes = [flat.shapes[each] for each in step.outputs]
        sizes = [shape.size * getattr(shape.dtype, "itemsize", 1) for shape in shapes]
        is_dear = _is_dear(step) or 0 < sum(sizes) <= dear
        known.update(zip(step.outputs, sizes if is_dear else [0] * len(sizes), strict=True))
    return known


def _apart(flat: _Flat, known: dict[int, int]) -> tuple[list[_Step], list[int]]:
    """Return the steps that stay, and the numbers of the dear arrays that they read.

    Of two such arrays one of which is made of the other without being dear itself, one is enough.
    """

    def dear(numbers: Sequence[int]) -> list[int]:
        return [each for each in numbers if known.get(each, 0) > 0]

    rest, needed = _backward(flat.steps, flat.outputs, lambda step: not dear(step.outputs))
    for step in reversed(flat.steps):
        made, of = dear(step.outputs), dear(step.reads)
        if needed.issuperset(of) and not needed.isdisjoint(made) and not _is_dear(step):
            known = known | dict.fromkeys(step.outputs, 0)
            rest, needed = _backward(flat.steps, flat.outputs, lambda step: not dear(step.outputs))
    return rest, sorted(dear(list(needed)))


def _is_dear(step: _Step) -> bool:
    return step.equation.primitive.name in _DEAR


def _backward(
    steps: Sequence[_Step], outputs: Sequence[Any], takes: Callable[[_Step], bool]
) -> tuple[list[_Step], set[int]]:
    """Return the steps that lead to outputs, of those that are taken; and all that they read."""
    needed = {each for each in outputs if isinstance(each, int)}
    kept = []
    for step in reversed(steps):
        wanted = not needed.isdisjoint(step.outputs) or bool(step.equation.effects)
        if wanted and takes(step):
            kept.append(step)
            needed.update(step.reads)
    return kept[::-1], needed


def _run(steps: Sequence[_Step], values: dict[int, Any]) -> None:
    for step in steps:
        equation = step.equation
        given = [_value(each, values) for each in step.inputs]
        params = equation.primitive.get_bind_params(equation.params)
        with equation.ctx.manager:
            made = equation.primitive.bind(*given, **params)
        made = made if equation.primitive.multiple_results else [made]
        values.update(zip(step.outputs, made, strict=True))


def _value(atom: Any, values: dict[int, Any]) -> Any:
    return values[atom] if isinstance(atom, int) else atom.val
