"""Bundle adjustment: cameras and points together, from where the cameras saw the points.

The formulas are those of ADBench: a camera is a rotation vector r, a center c, a focal length, a
principal point and two coefficients of radial distortion κ, 11 numbers. A point X goes to
X' = R(r)(X − c), p = X'₁₂/X'₃, then p·(1 + κ₁‖p‖² + κ₂‖p‖⁴), scaled and moved. R(r) is Rodrigues'
formula for an axis times an angle, which must not be zero.

With 32 points or more, the reverse Jacobian by `vmap` in float32 comes out wrong on CPU (JAX
0.10.2), `jax.jacrev`'s as well: XLA's YNN fusion of reductions miscompiles it, and a comparison
shows it as the error. `XLA_FLAGS=--xla_cpu_experimental_ynn_fusion_type=-reduce` gives the right
one, as do float64, forward mode and `map`.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._cluster import GROUP
from ._family import Draws, Family, Knob, Parts


def _rotated(r: Float[Array, " 3"], x: Float[Array, " 3"]) -> Float[Array, " 3"]:
    angle = jnp.sqrt(jnp.sum(r**2))
    axis = r / angle
    along = axis * jnp.vdot(axis, x) * (1 - jnp.cos(angle))
    return x * jnp.cos(angle) + jnp.cross(axis, x) * jnp.sin(angle) + along


def _projected(camera: dict[str, Array], point: Float[Array, " 3"]) -> Float[Array, " 2"]:
    seen = _rotated(camera["rotation"], point - camera["center"])
    p = seen[:2] / seen[2]
    square = jnp.sum(p**2)
    bend = 1 + camera["distortion"] @ jnp.stack([square, square**2])
    return camera["focal"] * bend * p + camera["principal"]


def _make(*, points: int, cameras: int, views: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    seen = min(views, cameras)
    # int32, as index arrays of int64 fail where a function is traced without x64, then with it
    which_point = np.repeat(np.arange(points, dtype=np.int32), seen)
    which_camera = (which_point + np.tile(np.arange(seen, dtype=np.int32), points)) % cameras
    features = draws.normal(len(which_point), 2)

    def f(x: dict[str, Any]) -> dict[str, Array]:
        seeing = jax.tree.map(lambda leaf: leaf[which_camera], x["cameras"])
        places = jax.vmap(_projected)(seeing, x["points"][which_point])
        return {
            "reprojection": x["weights"][:, None] * (places - features),
            "weight": 1 - x["weights"] ** 2,
        }

    x = {
        "cameras": {
            "rotation": draws.normal(cameras, 3, scale=0.2, mean=0.1),
            "center": draws.normal(cameras, 3, scale=0.1, mean=[0, 0, -5]),
            "focal": draws.positive(cameras, mean=2.0),
            "principal": draws.normal(cameras, 2, scale=0.1),
            "distortion": draws.normal(cameras, 2, scale=0.1),
        },
        "points": draws.normal(points, 3, scale=0.5),
        "weights": draws.positive(len(which_point), mean=1.0),
    }
    return Parts(f, x)


BUNDLE = Family(
    name="bundle_adjustment",
    title="Bundle adjustment",
    group=GROUP,
    about="Each residual sees one camera and one point: a block-sparse Jacobian with named blocks.",
    formula=(
        r"X' = R(r)(X - c), \quad p = X'_{12} / X'_3,"
        r" \quad d = 1 + \kappa_1 \lVert p \rVert^2 + \kappa_2 \lVert p \rVert^4,"
        r" \quad f = w\,(\phi\, d\, p + p_0 - m)"
    ),
    source="Šrajer, Kukelova & Fitzgibbon (2018), A benchmark of selected AD tools (ADBench)",
    make=_make,
    sizes=(
        Knob("points", "Points", 8, "Points in space, three inputs each.", 1, 16_384),
        Knob("cameras", "Cameras", 3, "Cameras, eleven inputs each.", 1, 1_024),
        Knob("views", "Views", 2, "Cameras that see a point, three outputs each.", 1, 64),
    ),
    telling={"points": 128, "cameras": 4},
)
