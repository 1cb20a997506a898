"""From a spec to a script that computes what is on the screen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jacoscope.problems import family

from ._experiment import OWN

_VECTORS = {
    "hvp": "v = jax.tree.map(jnp.ones_like, x)",
    "jmp": "V = jax.tree.map(lambda leaf: jnp.ones(({k}, *leaf.shape), leaf.dtype), x)",
    "mjp": "U = jax.tree.map(lambda leaf: jnp.ones(({k}, *leaf.shape), leaf.dtype), f(x))",
}
_ARGUMENTS = {
    "jacobian": "f, x",
    "hessian": "f, x",
    "hvp": "f, x, v",
    "jmp": "f, x, V",
    "mjp": "f, x, U",
}
_OPTIONS = {
    "jacobian": ("mode", "batching", "chunk_size", "device"),
    "hessian": ("order", "batching", "chunk_size", "device"),
    "hvp": ("order",),
    "jmp": ("batching", "chunk_size", "device"),
    "mjp": ("batching", "chunk_size", "device"),
}


def snippet(spec: dict[str, Any], given: Sequence[str] = ()) -> str:
    """Return a script with one call of jacoscope; for one's own function, `f` and `x` are given.

    Args:
        spec: From `Experiment.spec`.
        given: Lines that give one's own function; see `given_lines`.
    """
    quantity = spec["quantity"]
    lines = ["import jacoscope as jsc"]
    if quantity in _VECTORS:
        lines = ["import jax", "import jax.numpy as jnp", *lines]
    wide = spec["knobs"].get("dtype") == "float64"
    if wide:
        lines = list(dict.fromkeys(["import jax", *lines]))
        lines += ["", 'jax.config.update("jax_enable_x64", True)']
    lines += ["", *point_lines(spec, given)]
    if quantity in _VECTORS:
        lines.append(_VECTORS[quantity].format(k=spec["vectors"] or 1))
    options = ", ".join(
        f"{name}={_literal(spec[name])}"
        for name in _OPTIONS[quantity]
        if spec[name] not in (None, "auto")
    )
    arguments = ", ".join(part for part in (_ARGUMENTS[quantity], options) if part)
    lines.append(f"result = jsc.{quantity}({arguments})")
    return "\n".join(lines) + "\n"


def given_lines(target: Mapping[str, Any] | None) -> list[str]:
    """Return the lines that give one's own function and its point, where its source is known."""
    if target is None or target["kind"] != "source":
        return []
    lines = target["source"].rstrip().split("\n")
    dtype = f"jnp.{target['dtype']}"
    if target["arrays"] is not None:
        lines += ["# x is what is in your file."]
    elif target["shape"] is not None:
        shape = tuple(target["shape"])
        lines += ["import jax", "import jax.numpy as jnp", ""]
        lines += [f"x = jax.random.normal(jax.random.key(0), {shape}, {dtype})"]
    if target["dtype"] == "float64":
        lines = ["import jax", "", 'jax.config.update("jax_enable_x64", True)', *lines]
    return lines


def point_lines(spec: dict[str, Any], given: Sequence[str] = ()) -> list[str]:
    """Return the lines that give `f` and `x`."""
    if spec["problem"] == OWN:
        return list(given) or ["# f and x are yours."]
    defaults = {name: knob.default for name, knob in family(spec["problem"]).knobs.items()}
    knobs = [
        f"{name}={_literal(value)}"
        for name, value in spec["knobs"].items()
        if value != defaults[name]
    ]
    name = spec["problem"]
    return [
        f"p = jsc.problem({', '.join([f'{chr(34)}{name}{chr(34)}', *knobs])})",
        "f, x = p.f, p.x",
    ]


def _literal(value: object) -> str:
    """Return a value as Python, which no text of a link gets out of."""
    return json.dumps(value) if isinstance(value, str) else repr(value)
