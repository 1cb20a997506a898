"""What is inside of a function's derivatives: its equations, what is kept, and what a pass takes.

Everything is traced and compiled; nothing runs. Figures are of one pass: `f` once, one JVP, one
VJP, and one VJP where `jax.checkpoint` has what is not kept computed anew.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import count
from string import ascii_lowercase
from typing import Any

import jax
from jax.extend import source_info_util
from jax.extend.core import Literal

from ._cost import compile_program
from ._devices import find_device
from ._equation_graph import EquationGraph
from ._failure import Failure, attempt
from ._point import path_name, unary
from ._residuals import Residual, residuals

POLICIES = (
    "nothing_saveable",
    "dots_saveable",
    "dots_with_no_batch_dims_saveable",
    "everything_saveable",
)
MOST_EQUATIONS = 400
_MOST_CHARACTERS = 200_000
_LONGEST_PARAM = 32
_METADATA = re.compile(r", metadata=\{[^}]*\}")
_FIGURES = (
    *("flops", "flops_note", "bytes_accessed"),
    *("argument_bytes", "output_bytes", "temp_bytes", "predicted_bytes"),
    *("trace_s", "lower_s", "compile_s"),
)


def look_inside(
    f: Callable[..., Any], x: Any, *, policy: str = "nothing_saveable", device: str | None = None
) -> dict[str, Any]:
    """Look at a function's equations, residuals and passes.

    Args:
        f: The function, one that `jax.jit` takes.
        x: Its point.
        policy: One of `POLICIES`, for what `jax.checkpoint` may keep.
        device: Where it is compiled for, such as `cpu:0`.

    Returns:
        Plain data. `equations`: a text, its depth, source line and the bytes that reverse mode
        keeps there, each; `omitted`, how many more there are. `graph`: the same as nodes, None
        for a function of too many (see `EquationGraph.plain`). `kept` and `kept_with_policy`: the
        residuals, or None with a sentence in `why_not`. `passes`: name → its figures, with
        `message` where it can't be made; and `hlo`, the optimized program of one VJP, or of one
        JVP where there is no VJP.

    Raises:
        TypeError: `f` or `x` can't be differentiated.
        ValueError: The policy is unknown, or `f` can't be traced.
    """
    if policy not in POLICIES:
        raise ValueError(f"`policy` must be one of {', '.join(POLICIES)}, but got {policy!r}.")
    g, point = unary(f, x, 0)
    if device is not None:
        point = jax.device_put(point, find_device(device))
    rule = getattr(jax.checkpoint_policies, policy)
    passes = _passes(g, point, rule)
    why_not = str(passes["one VJP"]["message"])
    kept = [] if why_not else residuals(g, point)
    again = [] if why_not else residuals(g, point, rule)
    jaxpr, shape = jax.make_jaxpr(g, return_shape=True)(point)
    equations = list(_equations(jaxpr.jaxpr, kept))
    graph = EquationGraph(equations, lambda params: list(_nested(params)))
    graph.add(jaxpr.jaxpr, _leaf_names("x", point), _leaf_names("y", shape))
    whole = next((passes[name] for name in ("one VJP", "one JVP") if "hlo" in passes[name]), {})
    hlo = str(whole.get("hlo", ""))
    return {
        "equations": equations[:MOST_EQUATIONS],
        "omitted": max(len(equations) - MOST_EQUATIONS, 0),
        "graph": graph.plain(),
        "kept": None if why_not else [asdict(each) for each in kept],
        "kept_with_policy": None if why_not else [asdict(each) for each in again],
        "policy": policy,
        "why_not": why_not,
        "passes": {
            name: {key: value for key, value in made.items() if key != "hlo"}
            for name, made in passes.items()
        },
        "hlo": hlo[:_MOST_CHARACTERS],
        "hlo_omitted": max(len(hlo) - _MOST_CHARACTERS, 0),
    }


def _passes(g: Callable[[Any], Any], x: Any, rule: Any) -> dict[str, dict[str, Any]]:
    y = jax.eval_shape(g, x)

    def jvp(x: Any, v: Any) -> Any:
        return jax.jvp(g, (x,), (v,))

    def vjp(f: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
        def both(x: Any, u: Any) -> Any:
            y, pull = jax.vjp(f, x)
            return y, pull(u)

        return both

    return {
        "f": _figures(g, (x,)),
        "one JVP": _figures(jvp, (x, x)),
        "one VJP": _figures(vjp(g), (x, y)),
        "one VJP, checkpointed": _figures(vjp(jax.checkpoint(g, policy=rule)), (x, y)),
    }


def _figures(function: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, Any]:
    made = attempt(lambda: compile_program(function, arguments))
    if isinstance(made, Failure):
        return {"message": made.message, **dict.fromkeys(_FIGURES)}
    compiled: Any = made[0]
    cost = asdict(made[1])
    figures = {name: cost[name] for name in _FIGURES}
    return {"message": "", **figures, "hlo": _plain_program(compiled.as_text() or "")}


def _plain_program(text: str) -> str:
    """Leave out of an optimized program where each instruction comes from: half of it, in paths."""
    head, *lines = text.splitlines() or [""]
    first = next((i for i, line in enumerate(lines) if line.endswith("{")), 0)
    return "\n".join([head, "", *(_METADATA.sub("", line) for line in lines[first:])])


def _leaf_names(name: str, tree: Any) -> list[str]:
    paths, _ = jax.tree_util.tree_flatten_with_path(tree)
    return [path_name(path, name) for path, _ in paths]


def _equations(jaxpr: Any, kept: Sequence[Residual]) -> Iterator[dict[str, Any]]:
    """Write a jaxpr's equations, each with what is kept where it stands in the code.

    What is kept may be made by the derivative's rule and stand in no equation, such as the cosine
    for a sine: it is put with the equations of its source line, in turn.
    """
    lines = [{**line, "kept": 0} for line in _written(jaxpr, _Names(), 0)]
    alike: defaultdict[Any, list[int]] = defaultdict(list)
    of_source: defaultdict[Any, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        alike[line["source"], *line.pop("makes")].append(place)
        of_source[line["source"]].append(place)
    seen: Counter[Any] = Counter()
    for each in kept:
        key = each.source, each.primitive, each.shape, each.dtype
        places = alike.get(key) or of_source.get(each.source)
        if places:
            lines[places[seen[key] % len(places)]]["kept"] += each.bytes
            seen[key] += 1
    yield from lines


class _Names:
    """Short names for variables: a, b and so on, and after z aa."""

    def __init__(self) -> None:
        self._next = count()
        self._known: dict[Any, str] = {}

    def of(self, atom: Any) -> str:
        """Name a variable, or write a literal."""
        if isinstance(atom, Literal):
            return f"{atom.val}"
        if atom not in self._known:
            self._known[atom] = _letters(next(self._next))
        return self._known[atom]


def _letters(number: int) -> str:
    text = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, len(ascii_lowercase))
        text = ascii_lowercase[letter] + text
    return text


def _written(jaxpr: Any, names: _Names, depth: int) -> Iterator[dict[str, Any]]:
    for var in (*jaxpr.constvars, *jaxpr.invars):
        names.of(var)
    for equation in jaxpr.eqns:
        outs = " ".join(f"{names.of(var)}:{var.aval.str_short()}" for var in equation.outvars)
        name, params = equation.primitive.name, _short(equation.params)
        given = " ".join(map(names.of, equation.invars))
        first = equation.outvars[0].aval if equation.outvars else None
        yield {
            "text": f"{outs} = {name}{params} {given}".strip(),
            "depth": depth,
            "source": source_info_util.summarize(equation.source_info),
            "makes": (name, getattr(first, "shape", ()), str(getattr(first, "dtype", ""))),
        }
        for inner in _nested(equation.params):
            yield from _written(inner, names, depth + 1)


def _short(params: dict[str, Any]) -> str:
    """Write the parameters that say something in few characters."""
    said = {
        name: str(value)
        for name, value in params.items()
        if isinstance(value, str | int | float | tuple) and value not in (None, False, ())
    }
    shown = [f"{name}={text}" for name, text in said.items() if len(text) <= _LONGEST_PARAM]
    return f"[{' '.join(shown)}]" if shown else ""


def _nested(params: dict[str, Any]) -> Iterator[Any]:
    for value in params.values():
        for each in value if isinstance(value, tuple | list) else (value,):
            inner = getattr(each, "jaxpr", each)
            if hasattr(inner, "eqns") and hasattr(inner, "constvars"):
                yield inner
