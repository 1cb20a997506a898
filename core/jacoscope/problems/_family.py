"""What a problem is, and what a family of problems says of itself without running JAX.

The page lists families, their knobs and their ranges in a process that never starts a JAX
backend; only `Family.make` computes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

KnobValue = int | str


@dataclass(frozen=True)
class Knob:
    """One setting of a family: an integer in a range, or one of some words.

    Attributes:
        name: The keyword that `jacoscope.problem` takes.
        title: The label that the page shows.
        default: The value when none is given.
        meaning: One sentence on what it changes.
        low: Smallest integer allowed; None for a choice of words.
        high: Largest integer allowed; None for a choice of words.
        choices: The words allowed; empty for an integer.
    """

    name: str
    title: str
    default: KnobValue
    meaning: str
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()

    def check(self, value: object) -> KnobValue:
        """Return `value` if the knob allows it.

        Raises:
            ValueError: It is of another kind or out of range.
        """
        if self.choices:
            if value not in self.choices:
                allowed = ", ".join(self.choices)
                raise ValueError(f"`{self.name}` must be one of {allowed}, but got {value!r}.")
            return str(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"`{self.name}` must be an integer, but got {value!r}.")
        if not (self.low or 0) <= value <= (self.high or 0):
            raise ValueError(
                f"`{self.name}` must be between {self.low} and {self.high}, but got {value}."
            )
        return value


DTYPE = Knob(
    "dtype",
    "dtype",
    "float32",
    "Precision of the inputs; float64 needs JAX's x64 mode.",
    choices=("float32", "float64"),
)
SEED = Knob("seed", "Seed", 0, "Seed of the random numbers.", 0, 2**31 - 1)


@dataclass(frozen=True)
class Problem:
    """A function, a point to differentiate it at, and where both come from.

    Attributes:
        f: The function, from `x` to an array or a pytree of arrays.
        x: The point, an array or a pytree of floating-point arrays.
        name: The name that `jacoscope.problem` takes.
        title: The name for people.
        about: What the problem shows, in a sentence.
        formula: What it computes and, where it is short, its derivative, in TeX.
        source: Where it comes from.
        knobs: Name of each knob → its default, range and meaning.
        jacobian: Closed form, from `x` to what `jax.jacfwd(f)(x)` returns; None where there is
            none.
        settings: The value of each knob in this problem.
    """

    f: Callable[[Any], Any]
    x: PyTree[Float[Array, ...]]
    name: str
    title: str
    about: str
    formula: str
    source: str
    knobs: Mapping[str, Knob]
    jacobian: Callable[[Any], Any] | None
    settings: Mapping[str, KnobValue]


@dataclass(frozen=True)
class Parts:
    """What a family's `make` computes: the function, its point and its closed-form Jacobian."""

    f: Callable[[Any], Any]
    x: Any
    jacobian: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Family:
    """Problems of one kind, told apart by knobs.

    Attributes:
        telling: Knob values at which run times stand clear of dispatch, for people who start
            at a size that is too small to tell.
        largest: Knob values at which a sweep ends, where that is beyond `telling`.
    """

    name: str
    title: str
    group: str
    about: str
    formula: str
    source: str
    make: Callable[..., Parts]
    sizes: tuple[Knob, ...]
    telling: Mapping[str, KnobValue] = field(default_factory=dict)
    largest: Mapping[str, int] = field(default_factory=dict)

    @property
    def knobs(self) -> Mapping[str, Knob]:
        """Name → knob, sizes first, then `dtype` and `seed`."""
        return MappingProxyType({knob.name: knob for knob in (*self.sizes, DTYPE, SEED)})

    def sweep_end(self, name: str) -> int | None:
        """Return the value of a size at which a sweep over it ends; None where none is known."""
        end = self.largest.get(name, self.telling.get(name))
        return None if end is None else int(end)

    def check(self, knobs: Mapping[str, object]) -> dict[str, KnobValue]:
        """Return the value of every knob, the given ones checked, the others at their default.

        Raises:
            ValueError: A knob is unknown or its value is not allowed.
        """
        unknown = sorted(set(knobs) - set(self.knobs))
        if unknown:
            raise ValueError(
                f"`{self.name}` has no knob {unknown[0]!r}. It has {', '.join(self.knobs)}."
            )
        return {
            name: knob.check(knobs.get(name, knob.default)) for name, knob in self.knobs.items()
        }

    def problem(self, **knobs: object) -> Problem:
        """Build the problem at these knobs.

        Raises:
            ValueError: A knob is unknown, out of range, or asks for float64 without x64.
        """
        settings = self.check(knobs)
        dtype = jnp.dtype(str(settings["dtype"]))
        if jax.dtypes.canonicalize_dtype(dtype) != dtype:
            raise ValueError(
                "`dtype` float64 needs JAX's x64 mode. Wrap the call in"
                " `with jax.enable_x64(True):` or set JAX_ENABLE_X64=1."
            )
        parts = self.make(**{**settings, "dtype": dtype})
        return Problem(
            f=parts.f,
            x=parts.x,
            name=self.name,
            title=self.title,
            about=self.about,
            formula=self.formula,
            source=self.source,
            knobs=self.knobs,
            jacobian=parts.jacobian,
            settings=MappingProxyType(settings),
        )


class Draws:
    """Seeded random numbers, drawn by NumPy: a size never seen before compiles nothing.

    They are drawn in float32 and then cast, so the point is the same at every precision. JAX
    takes them without compiling only where they are told the dtype that they have.
    """

    def __init__(self, seed: int, dtype: Any) -> None:
        self._generator = np.random.default_rng(seed)
        self._dtype = dtype

    def normal(self, *shape: int, scale: float = 1.0, mean: Any = 0.0) -> Array:
        """Draw an array of that shape, with that standard deviation, around that mean."""
        drawn = scale * self._generator.standard_normal(shape, np.float32)
        return jnp.asarray(np.asarray(mean, np.float32) + drawn, self._dtype)

    def positive(self, *shape: int, mean: float) -> Array:
        """Draw an array of that shape, uniform between a half and three halves of the mean."""
        drawn = self._generator.random(shape, np.float32)
        return jnp.asarray(np.float32(mean) * (drawn + np.float32(0.5)), self._dtype)

    def coins(self, count: int) -> Array:
        """Draw that many zeros and ones."""
        tossed = self._generator.integers(0, 2, count).astype(self._dtype)
        return jnp.asarray(tossed, self._dtype)
