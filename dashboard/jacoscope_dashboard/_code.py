"""From a spec to a script that computes what is on the screen."""

from __future__ import annotations

import json
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
    "hessian": ("order", "batching", "chunk_size"),
    "hvp": ("order",),
    "jmp": ("batching", "chunk_size"),
    "mjp": ("batching", "chunk_size"),
}


def snippet(spec: dict[str, Any]) -> str:
    """Return a script with one call of jacoscope; for one's own function, `f` and `x` are given.

    Args:
        spec: From `Experiment.spec`.
    """
    quantity = spec["quantity"]
    lines = ["import jacoscope as jsc"]
    if quantity in _VECTORS:
        lines = ["import jax", "import jax.numpy as jnp", *lines]
    wide = spec["knobs"].get("dtype") == "float64"
    if wide:
        lines = list(dict.fromkeys(["import jax", *lines]))
        lines += ["", 'jax.config.update("jax_enable_x64", True)']
    lines += ["", *point_lines(spec)]
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


def point_lines(spec: dict[str, Any]) -> list[str]:
    """Return the lines that give `f` and `x`."""
    if spec["problem"] == OWN:
        return ["# f and x are yours."]
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
