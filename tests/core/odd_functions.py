"""Functions that go wrong in ways of their own, each with what becomes of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jacoscope as jsc
from jacoscope._compare import run_study
from jacoscope._measurement import Status
from jacoscope._timing import Protocol
from tests.helpers import branching, only_reverse, while_loop

X = jnp.linspace(0.2, 1.2, 3)
DIFFER = r"Two traces of `f` differ: it depends on something besides `x`.*JAX traces `f` once"
EAGER = "f needs values in Python, so jit refuses it: run eagerly"
seen: list[Any] = []
state = {"calls": 0}


def returns_nothing(x: Any) -> None:
    x + 1  # pyright: ignore[reportUnusedExpression]


def appending(x: Any) -> Any:
    seen.append(x)
    return 2 * x


def reading_back(x: Any) -> Any:
    seen.append(jnp.sin(x))
    return seen[0] * x


def endless(x: Any) -> Any:
    while True:
        pass


def raising(x: Any) -> Any:
    raise LookupError("no weights")


def printing(x: Any) -> Any:
    print("x is", x)
    jax.debug.print("x is {}", x)
    return 2 * x


def counting(x: Any) -> Any:
    state["calls"] += 1
    return state["calls"] * x


def legacy(x: Any) -> Any:
    return x @ np.random.rand(3, 2)  # noqa: NPY002 (what people write)


def generating(x: Any) -> Iterator[Any]:
    yield x
    yield 2 * x


def sharded() -> Any:
    mesh = jax.make_mesh((1,), ("d",), axis_types=(jax.sharding.AxisType.Auto,))
    return jax.device_put(X, jax.NamedSharding(mesh, jax.P("d")))


@dataclass(frozen=True)
class Odd:
    """A function, what becomes of its rows, and what they say.

    Attributes:
        f: The function.
        x: Its point.
        status: Of the rows of what fails; `ok` where all work.
        says: A pattern that each such row's message has; empty where nothing is to be said.
        failing: The mode or the strategy that fails; empty for all.
        also: A pattern that the rows of what does not fail have.
        python: What `jacobian` raises; None where it works.
        advise: The same of `advise`.
        options: More for `compare`.
    """

    name: str
    f: Callable[..., Any]
    x: Any = field(default_factory=lambda: X)
    status: Status = "unsupported"
    says: str = ""
    failing: str = ""
    also: str = ""
    python: type[Exception] | None = TypeError
    advise: type[Exception] | None = TypeError
    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return self.name


def works(name: str, f: Callable[..., Any], x: Any = X, says: str = "", **more: Any) -> Odd:
    return Odd(name, f, x, **{"status": "ok", "says": says, "python": None, "advise": None, **more})


LOCAL = ("runner", "local")
TWENTY_FIVE = [
    Odd(
        "wrong shape",
        lambda x: x @ jnp.ones((4, 2)),
        says=r"`x` must have a shape that `f` can take, but `f` raised TypeError: .*\(3,\).*Pass",
    ),
    Odd(
        "integer",
        jnp.sin,
        jnp.arange(3),
        says=r"`x` must be floating point, but got int32\. Pass `x\.astype\(float\)`\.",
    ),
    Odd(
        "complex",
        jnp.sin,
        X + 1j,
        says=r"`x` must be real, but got complex64\. .*`\(x\.real, x\.imag\)`.*holomorphic=True",
    ),
    Odd(
        "returns None",
        returns_nothing,
        says=r"`f` must return an array .*, but returned None\. Does it end without a `return`\?",
    ),
    Odd(
        "returns a string",
        lambda x: f"{x.shape}",
        says=r"`f\(x\)` must be an array, but got str\. Return arrays and numbers only\.",
    ),
    works(
        "side effects",
        appending,
        says="`f` has a side effect: its trace has left traced values in `seen`.*Return what",
    ),
    Odd(
        "if x > 0",
        branching,
        jnp.asarray(4.0),
        says=r"branches on the value of its input.*Use lax\.cond or jnp\.where",
        failing="forward/map",
        also="f branches on the value of its input, so jit refuses it: run eagerly",
        python=None,
        advise=ValueError,
    ),
    Odd(
        "numpy inside",
        np.sin,
        says=r"`f` must compute with jax\.numpy, but hands a traced array to NumPy.*`jnp` for `np`",
    ),
    Odd(
        "while_loop",
        while_loop,
        says=r"Reverse mode can't pass a loop .* Use forward mode, or lax\.scan\.",
        failing="reverse",
        python=None,
        advise=None,
    ),
    Odd(
        "custom_vjp without jvp",
        only_reverse,
        says="Forward mode can't pass a function with a custom_vjp rule.* Use reverse mode",
        failing="forward",
        python=None,
        advise=None,
    ),
    Odd(
        "float0",
        lambda x: np.zeros(3, jax.dtypes.float0),
        says=r"`f\(x\)` must be floating point, but got float0, .*Return floating point",
    ),
    works(
        "NaN output",
        lambda x: jnp.log(-x),
        says=r"At this `x`, 3 of the 3 values of `f\(x\)` are NaN or infinite\.",
    ),
    works(
        "inf",
        lambda x: jnp.exp(1e3 * x),
        says="of its 9 entries are NaN or infinite: there is no finite derivative .*or it overflow",
    ),
    Odd(
        "random key input",
        lambda key: jax.random.normal(key, (3,)),
        jax.random.key(0),
        says=r"`x` must be floating point, but got a random key \(key<fry>\).*: close over the key",
    ),
    Odd(
        "huge output",
        lambda x: jnp.broadcast_to(x, (10**9, 3)) * x,
        status="refused",
        says=r"It needs 36 GB, above the memory limit of 1 GB\. No chunk size fits",
        python=jsc.MemoryLimitError,
        advise=jsc.MemoryLimitError,
        options=(LOCAL, ("memory_limit", "1GB")),
    ),
    Odd(
        "endless loop",
        endless,
        status="timed_out",
        says=r"It took longer than 2 s and was stopped\.",
        options=(LOCAL, ("time_limit", 2.0)),
    ),
    Odd(
        "raises",
        raising,
        status="crashed",
        says="f raised LookupError: no weights",
        python=LookupError,
        advise=LookupError,
    ),
    works(
        "prints",
        printing,
        says=r"f printed [\d.]+ .?B of text, which a worker shows nowhere\.",
        options=(LOCAL,),
    ),
    works("global state", counting, says=DIFFER),
    works("non-deterministic", lambda x: x * random.random(), says=DIFFER),
    works("jitted already", jax.jit(lambda x: jnp.sin(x[:2]))),
    works("vmapped inside", lambda x: 2 * jax.vmap(jnp.sin)(x)),
    works("pmap", lambda x: jax.pmap(jnp.sin)(x[None])),
    works("sharded input", jnp.sin, sharded()),
    Odd(
        "generator",
        generating,
        says=r"`f\(x\)` must be an array, but got generator\. `f` has a `yield`: return all",
    ),
]

MORE = [
    Odd(
        "what an earlier trace left",
        reading_back,
        says="`f` must compute from `x` alone, but uses a value that an earlier trace of it",
        python=jax.errors.UnexpectedTracerError,
        advise=ValueError,
    ),
    Odd(
        "complex output",
        jnp.fft.fft,
        says=r"`f\(x\)` must be real, but got complex64\. .*return `\(y\.real, y\.imag\)`\.",
    ),
    Odd(
        "integer output",
        jnp.argsort,
        says=r"`f\(x\)` must be floating point, but got int32\. .*pass it by `has_aux=True`",
    ),
    Odd(
        "float0 input",
        lambda x: x,
        np.zeros(3, jax.dtypes.float0),
        says="`x` must be floating point, but got float0, .*Pass a floating-point array",
    ),
    Odd(
        "raw random key",
        lambda key: jax.random.normal(key, (3,)),
        jax.random.PRNGKey(0),
        says="`x` must be floating point, but got uint32.*if it is a random key, close over",
    ),
    Odd(
        "returns a function",
        lambda x: jnp.sin,
        says=r"`f\(x\)` must be an array, but got \w+\. Return what it returns: call it in `f`\.",
    ),
    Odd(
        "returns an iterator",
        lambda x: map(jnp.sin, x),
        says=r"`f\(x\)` must be an array, but got map\. Return a list or an array of what is in it",
    ),
    Odd(
        "float(x)",
        lambda x: float(x[0]) * x,
        says=r"`f` must compute with arrays, but makes Python numbers .*`float\(x\)`",
        advise=ValueError,
    ),
    Odd(
        "an index",
        lambda x: [1.0, 2.0][x[0].astype(int)] * x,
        says="f takes a computed value for an index of a list or for a range",
        failing="forward/map",
        also=EAGER,
        python=None,
        advise=ValueError,
    ),
    Odd(
        "a mask",
        lambda x: 2 * x[x > 0.5],
        says="f picks values by a mask, so that values decide on a shape",
        failing="forward/map",
        also=EAGER,
        python=None,
        advise=ValueError,
    ),
    Odd(
        "callback",
        lambda x: jax.pure_callback(np.sin, jax.ShapeDtypeStruct((3,), np.float32), x),
        says="`f` must have a derivative, but calls back into Python by `pure_callback`",
        python=ValueError,
        advise=ValueError,
    ),
    Odd(
        "pmap over more than there are devices",
        lambda x: 2 * jax.pmap(jnp.sin)(x),
        says=r"If that comes from a `jax\.pmap`: it takes one row for each device, .* 1 of them",
        python=ValueError,
        advise=ValueError,
    ),
    works("jitted and non-deterministic", jax.jit(lambda x: x * random.random()), says=DIFFER),
    works("NumPy's random numbers", legacy, says=DIFFER),
    works(
        "a key of its own",
        lambda x: x * jax.random.normal(jax.random.key(1), (3,)),
        says="Not checked: in float64, `f` draws other random numbers unless it names a dtype",
    ),
    works(
        "a key of its own and a dtype",
        lambda x: x * jax.random.normal(jax.random.key(1), (3,), "float32"),
    ),
]

HASTY = Protocol(rounds=2, most=2, extra_s=0.0, fewest=1, sample_s=1e-5)


def compared(f: Callable[..., Any], x: Any, **options: Any) -> jsc.Study:
    """Compare as `jsc.compare` does; what stays in this process, with few samples."""
    asked = {"chunk_sizes": (), "time_limit": 30.0, **options}
    if asked.pop("runner", "inline") == "local":
        return jsc.compare(f, x, **asked)
    return run_study(f, x, None, {**asked, "protocol": HASTY}, "inline")
