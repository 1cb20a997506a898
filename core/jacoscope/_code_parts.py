"""What the code of several strategies has in common: passes, comments, arrays, blocks."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_LINES = 30
_WIDTH = 100
_IMPORTS = {  # what the code says → what it has to import for that
    r"\basdex\.": "import asdex",
    r"\bjax\.": "import jax",
    r"\bjnp\.": "import jax.numpy as jnp",
    r"\bnp\.": "import numpy as np",
    r"\b(BCOO|bcoo_concatenate)\b": "from jax.experimental.sparse import BCOO, bcoo_concatenate",
    r"\bAxisType\b": "from jax.sharding import AxisType, PartitionSpec as P",
    r"\bLiteral\b": "from jax.extend.core import Literal",
    r"\bravel_pytree\b": "from jax.flatten_util import ravel_pytree",
}

SECOND = {
    "forward_over_reverse": "the gradient's JVP",
    "reverse_over_forward": "the gradient of a JVP",
    "reverse_over_reverse": "the gradient's VJP",
    "linearize": "the gradient linearized once, and one linear pass",
    "full_hessian": "the whole Hessian times a vector",
}


@dataclass(frozen=True)
class Pass:
    """One pass as code.

    Attributes:
        setup: Lines before all passes.
        product: The expression of the product with `v`, or with `u` in reverse.
    """

    setup: tuple[str, ...]
    product: str

    @property
    def knows_y(self) -> bool:
        """Whether `y` is there after the setup."""
        return any(line.startswith("y,") for line in self.setup)


def first_order(mode: str, f: str) -> Pass:
    """Return one JVP or VJP of `f` as code."""
    match mode:
        case "reverse":
            return Pass((f"y, pullback = jax.vjp({f}, x)",), "pullback(u)[0]")
        case "linearize":
            return Pass((f"y, pushforward = jax.linearize({f}, x)",), "pushforward(v)")
        case _:
            return Pass((), f"jax.jvp({f}, (x,), (v,))[1]")


def second_order(order: str, f: str) -> Pass:
    """Return one Hessian-vector product of `f` as code."""
    match order:
        case "reverse_over_forward":
            return Pass((), f"jax.grad(lambda x: jax.jvp({f}, (x,), (v,))[1])(x)")
        case "reverse_over_reverse":
            return Pass((), f"jax.vjp(jax.grad({f}), x)[1](v)[0]")
        case "linearize":
            return Pass((f"_, pushforward = jax.linearize(jax.grad({f}), x)",), "pushforward(v)")
        case _:
            return Pass((), f"jax.jvp(jax.grad({f}), (x,), (v,))[1]")


def applied(batching: str | None, chunk_size: int | None, whole: str) -> str:
    """Say in a comment how the passes are applied, and what for."""
    match batching:
        case "map":
            return "one after the other, in the memory of one"
        case "loop":
            return "unrolled by Python, so that each adds to the program"
        case "chunked":
            return f"{chunk_size} at a time, put into {whole} in place"
        case _:
            return "all at once"


def comment(*sentences: str) -> list[str]:
    """Return sentences as comments of at most 100 characters, each on its line where it fits."""
    lines = []
    for sentence in sentences:
        rest = sentence
        while len(rest) > _WIDTH - 2:
            end = rest.rfind(", ", _WIDTH // 2, _WIDTH - 2) + 1 or rest.rfind(" ", 0, _WIDTH - 2)
            lines.append(f"# {rest[:end]}")
            rest = rest[end:].strip()
        lines.append(f"# {rest}")
    return lines


def indented(lines: list[str]) -> list[str]:
    """Indent lines; an empty one stays empty."""
    return [f"    {line}" if line else "" for line in lines]


def defined(name: str, argument: str, body: list[str], *, jit: bool) -> list[str]:
    """Return a function of that body."""
    return [*(["@jax.jit"] if jit else []), f"def {name}({argument}):", *indented(body)]


def blocks(n: str) -> list[str]:
    """Return a function that cuts the columns of one leaf of f(x) into the leaves of x."""
    return [
        "def blocks(rows):  # of one leaf of f(x): a pytree like x",
        f"    parts = jax.vmap(unravel)(rows.reshape(-1, {n}))",
        "    return jax.tree.map(lambda p: p.reshape(rows.shape[:-1] + p.shape[1:]), parts)",
    ]


def literal(name: str, values: Any, remark: str = "") -> list[str]:
    """Return an array of integers as lines of at most 100 characters, a remark behind the last."""
    text = f"{name} = np.array([{', '.join(map(str, np.asarray(values).tolist()))}])"
    lines = textwrap.wrap(text, _WIDTH, subsequent_indent="    ")
    return [*lines[:-1], f"{lines[-1]}{remark}"]


def wrapped(head: str, *arguments: str) -> list[str]:
    """Return a call on one line, or over several where it is too long for one."""
    line = f"{head}{', '.join(arguments)})"
    if len(line) <= _WIDTH - 4:  # it may be indented once more
        return [line]
    lines = [""]
    for argument in arguments:
        longer = f"{lines[-1]}, {argument}" if lines[-1] else argument
        if len(longer) < _WIDTH - 8:
            lines[-1] = longer
        else:
            lines.append(argument)
    return [head, *(f"    {each}," for each in lines[:-1]), f"    {lines[-1]}", ")"]


def imports_of(code: list[str]) -> list[str]:
    """Return the imports that code needs."""
    text = "\n".join(line for line in code if not line.startswith("#"))
    return [line for word, line in _IMPORTS.items() if re.search(word, text)]


def length(code: list[str]) -> int:
    """Count the lines of a script of that code, with its imports and its call."""
    return len(imports_of(code)) + len(code) + 3
