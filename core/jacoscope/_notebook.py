"""A study as a notebook that makes it again: plain JSON in nbformat 4.5, with no outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ._code import snippet
from ._measurement import Measurement
from ._study import Study
from ._units import format_seconds

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#!|$&~])")  # nothing here begins a line
_YOURS = """\
# Put your function and your point here, those of the study: f and x.
f, x"""
_DEFAULTS = {  # of `compare`
    "quantity": "jacobian",
    "chunk_sizes": (8, 64, 256),
    "vectors": None,
    "jit": True,
    "device": None,
    "memory_limit": None,
    "time_limit": 60.0,
}
_NAMELESS = ("", "<lambda>")
_TABLE = """\
frame = study.to_frame().set_index("strategy")
frame[["status", "median_s", "low_s", "high_s", "compile_s", "predicted_bytes", "error"]]"""
_RESULTS = {"jacobian": "J", "hessian": "H", "hvp": "Hv", "jmp": "JV", "mjp": "UJ"}
_REFERENCES = {
    "jacobian": "jax.{builtin}(f)(x)",
    "hessian": "jax.hessian(f)(x)",
    "hvp": "jax.jvp(jax.grad(f), (x,), (v,))[1]",
    "many": "jax.vmap(lambda v: jax.jvp(jax.grad(f), (x,), (v,))[1])(V)",
    "jmp": "jax.vmap(lambda v: jax.jvp(f, (x,), (v,))[1])(V)",
    "mjp": "jax.vmap(lambda u: jax.vjp(f, x)[1](u)[0])(U)",
}
_CHECK = """\
expected = {reference}
for ours, theirs in zip(jax.tree.leaves({result}), jax.tree.leaves(expected), strict=True):
    scale = jnp.abs(theirs).max(initial=0.0)
    error = jnp.abs(ours - theirs).max(initial=0.0) / jnp.where(scale > 0, scale, 1.0)
    print("largest error, of the largest entry:", error)
    assert error < {tolerance:g}"""
_TOLERANCES = {"float64": 1e-8, "float32": 1e-3}
_COARSE = 5e-2  # of half precision


def notebook(
    study: Study,
    *,
    point: str = "",
    options: Mapping[str, Any] | None = None,
    pytree: bool = True,
) -> dict[str, Any]:
    """Write a notebook that makes a study again, and keeps the code of what was best.

    Its cells define `f` and `x`, compare, show the table, compute with the best strategy in plain
    JAX, and hold the result against JAX's own.

    Args:
        study: What to make again.
        point: Lines of Python that define `f` and `x`; empty where their code isn't known: then a
            cell says where to put them.
        options: Keywords of `compare` that the study was made with: `chunk_sizes`, `jit`,
            `device`, `memory_limit`, `time_limit`; the rest is in its rows. What is a default is
            left out.
        pytree: Whether `x` or `f(x)` is a pytree, as for `snippet`.

    Returns:
        A notebook as JSON values, to be written as an `.ipynb`.

    >>> cells = notebook(Study(rows=()), point="f, x = jnp.sin, jnp.ones(3)")["cells"]
    >>> [cell["cell_type"] for cell in cells]
    ['markdown', 'code', 'code', 'markdown', 'code', 'code']
    """
    best = study.best()
    cells = [
        _markdown(_heading(study)),
        _code(_imports(study)),
        _code(point.strip("\n") or _YOURS),
        _markdown("## Every way, measured here"),
        _code(_compare(study, options or {})),
        _code(_TABLE),
    ]
    if best is not None:
        cells += _kept(study, best, pytree)
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place:02}"
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _heading(study: Study) -> str:
    title = "A comparison" if study.title in _NAMELESS else study.title
    there = study.environment
    names = ("jacoscope", "jax", "jaxlib")
    versions = [f"{name} {there[name]}" for name in names if there.get(name)]
    made = [str(there[name]) for name in ("date", "processor", "device") if there.get(name)]
    lines = [f"# {_plain(title)}", ""]
    if made or versions:
        lines += [f"First measured: {_plain(', '.join([*made, *versions]))}.", ""]
    return "\n".join([*lines, "The cells below measure it again, on the machine that runs them."])


def _imports(study: Study) -> str:
    lines = [
        "# %pip install jacoscope",
        "import jax",
        "import jax.numpy as jnp",
        "",
        "import jacoscope as jsc",
    ]
    wide = study.environment.get("x64") or any(row.dtype == "float64" for row in study.rows)
    return "\n".join([*lines, *(["", 'jax.config.update("jax_enable_x64", True)'] if wide else [])])


def _compare(study: Study, options: Mapping[str, Any]) -> str:
    told: dict[str, Any] = dict(options)
    if study.rows:
        told["quantity"] = study.rows[0].quantity
        told["vectors"] = next((row.vectors for row in study.rows if row.vectors is not None), None)
    sizes = {row.chunk_size for row in study.rows if row.chunk_size is not None}
    if sizes - set(_DEFAULTS["chunk_sizes"]):
        told.setdefault("chunk_sizes", sorted(sizes))
    if "chunk_sizes" in told:
        told["chunk_sizes"] = tuple(told["chunk_sizes"])
    given = [
        f"{name}={_literal(told[name])}"
        for name, default in _DEFAULTS.items()
        if name in told and told[name] != default
    ]
    return f"study = jsc.compare({', '.join(['f', 'x', *given])})"


def _literal(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _kept(study: Study, best: Measurement, pytree: bool) -> list[dict[str, Any]]:
    """Return the cells on the best strategy; none where this version doesn't know it."""
    quantity: Any = best.quantity
    try:
        code = snippet(best.strategy, quantity=quantity, pytree=pytree, jit=best.jit is not False)
    except ValueError:
        return []
    many = quantity == "hvp" and "HV = " in code
    vectors = _vectors(quantity, best.vectors, many)
    name = _plain(best.strategy)
    took = format_seconds(best.median_s)
    check = _CHECK.format(
        reference=_REFERENCES["many" if many else quantity].format(builtin=_builtin(study)),
        result="HV" if many else _RESULTS[quantity],
        tolerance=max(_TOLERANCES.get(best.dtype or "float32", _COARSE), 10 * (best.error or 0.0)),
    )
    return [
        _markdown(f"## The best then\n\n{name} took {took} a call. In plain JAX, to keep:"),
        *([_code(vectors)] if vectors else []),
        _code(code.rstrip("\n")),
        _markdown("Against JAX's own:"),
        _code(check),
    ]


def _vectors(quantity: str, count: int | None, many: bool) -> str:
    drawn = "lambda leaf: jax.random.normal(jax.random.key(0), ({shape}leaf.shape), leaf.dtype)"
    stacked = drawn.format(shape=f"{count or 1}, *")
    match quantity:
        case "jmp":
            return f"V = jax.tree.map({stacked}, x)"
        case "mjp":
            return f"U = jax.tree.map({stacked}, f(x))"
        case "hvp" if many:
            return f"V = jax.tree.map({stacked}, x)"
        case "hvp":
            one = drawn.replace("({shape}leaf.shape)", "leaf.shape")
            return f"v = jax.tree.map({one}, x)"
        case _:
            return ""


def _builtin(study: Study) -> str:
    """Return JAX's own way to a Jacobian; `jacrev` where forward mode can't pass the function."""
    status = {row.strategy: row.status for row in study.rows}
    return "jacrev" if status.get("jax.jacfwd") == "unsupported" else "jacfwd"


def _plain(text: str) -> str:
    """Keep Markdown from reading a text as markup, and on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "", "metadata": {}, "source": _lines(text)}


def _code(text: str) -> dict[str, Any]:
    code = {"cell_type": "code", "execution_count": None, "id": "", "metadata": {}, "outputs": []}
    return {**code, "source": _lines(text)}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
