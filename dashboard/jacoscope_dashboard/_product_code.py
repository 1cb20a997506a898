"""From a spec to a script that pushes its tangent and pulls its cotangent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._code import point_lines
from ._vector_choice import read_choice


def products_snippet(spec: dict[str, Any], given: Sequence[str] = ()) -> str:
    """Return a script with the products on the screen; for one's own function, `f`, `x` are given.

    Args:
        spec: From `Experiment.spec`.
        given: Lines that give one's own function; see `given_lines`.
    """
    tangent, cotangent = read_choice(spec["tangent"]), read_choice(spec["cotangent"])
    wide = spec["knobs"].get("dtype") == "float64"
    random = "random" in (tangent["kind"], cotangent["kind"])
    lines = [
        *(["import jax"] if wide else []),
        "import jax.numpy as jnp",
        *(["import numpy as np"] if random else []),
        "from jax.flatten_util import ravel_pytree",
        "",
        "import jacoscope as jsc",
        "",
        *(['jax.config.update("jax_enable_x64", True)', ""] if wide else []),
        *point_lines(spec, given),
        "",
        "flat, like_x = ravel_pytree(x)  # all numbers of x in a row, and the way back",
        f"v = like_x({_vector(tangent)})",
        "y, pushed = jsc.jvp(f, x, v)",
        "",
        "flat, like_y = ravel_pytree(y)",
        f"u = like_y({_vector(cotangent)})",
        "y, pulled = jsc.vjp(f, x, u)",
        "",
        "inner_forward = jnp.vdot(ravel_pytree(u)[0], ravel_pytree(pushed)[0])",
        "inner_reverse = jnp.vdot(ravel_pytree(pulled)[0], ravel_pytree(v)[0])",
    ]
    return "\n".join(lines) + "\n"


def _vector(choice: dict[str, Any]) -> str:
    match choice["kind"]:
        case "basis":
            return f"jnp.zeros_like(flat).at[{choice['index']}].set(1)"
        case "ones":
            return "jnp.ones_like(flat)"
        case "random":
            drawn = f"np.random.default_rng({choice['seed']}).standard_normal(flat.size)"
            return f"jnp.asarray({drawn}, flat.dtype)"
        case _:
            numbers = ", ".join(f"{value:g}" for value in choice["values"])
            return f"jnp.array([{numbers}], flat.dtype)"
