"""Two costs of clustering: k-means, and a Gaussian mixture with a Wishart prior.

The formulas are those of ADBench (Šrajer, Kukelova & Fitzgibbon 2018) and of GradBench, up to
constants; the prior has gamma = 1 and m = 0, as in their data.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._family import Draws, Family, Knob, Parts

GROUP = "Workloads"


def _make_kmeans(*, points: int, clusters: int, dimensions: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    data = draws.normal(points, dimensions)

    def distances(x: Float[Array, "k d"]) -> Float[Array, "p k"]:
        return jnp.sum((data[:, None] - x) ** 2, axis=2)

    def f(x: Float[Array, "k d"]) -> Float[Array, ""]:
        return jnp.sum(jnp.min(distances(x), axis=1))

    def jacobian(x: Float[Array, "k d"]) -> Float[Array, "k d"]:
        nearest = jax.nn.one_hot(jnp.argmin(distances(x), axis=1), clusters, dtype=x.dtype)
        return 2 * (jnp.sum(nearest, axis=0)[:, None] * x - nearest.T @ data)

    return Parts(f, draws.normal(clusters, dimensions), jacobian)


def _make_mixture(*, points: int, clusters: int, dimensions: int, seed: int, dtype: Any) -> Parts:
    draws = Draws(seed, dtype)
    data = draws.normal(points, dimensions)
    # int32, as index arrays of int64 fail where a function is traced without x64, then with it
    rows, columns = (each.astype(np.int32) for each in np.tril_indices(dimensions, -1))

    def factor(x: dict[str, Array]) -> Float[Array, "k d d"]:
        """The Q of each cluster: its precision is QᵀQ."""
        diagonal = jnp.exp(x["log_diagonal"])[:, :, None] * np.eye(dimensions, dtype=np.float32)
        return diagonal.at[:, rows, columns].set(x["lower"])

    def terms(x: dict[str, Array]) -> tuple[Array, Array, Array]:
        """Log densities (p, k), centered points (p, k, d), and these times Q (p, k, d)."""
        centered = data[:, None] - x["means"]
        scaled = jnp.einsum("kij,pkj->pki", factor(x), centered)
        log_weights = x["alphas"] + jnp.sum(x["log_diagonal"], axis=1)
        return log_weights - jnp.sum(scaled**2, axis=2) / 2, centered, scaled

    def f(x: dict[str, Array]) -> Float[Array, ""]:
        log_densities, _, _ = terms(x)
        fit = jnp.sum(jax.nn.logsumexp(log_densities, axis=1))
        fit -= points * jax.nn.logsumexp(x["alphas"])
        prior = jnp.sum(jnp.exp(2 * x["log_diagonal"])) + jnp.sum(x["lower"] ** 2)
        return fit - prior / 2

    def jacobian(x: dict[str, Array]) -> dict[str, Array]:
        log_densities, centered, scaled = terms(x)
        share = jax.nn.softmax(log_densities, axis=1)
        scale = jnp.exp(x["log_diagonal"])
        weighted = share[:, :, None] * scaled
        outer = jnp.einsum("pki,pkj->kij", weighted, centered)
        own = jnp.diagonal(outer, axis1=1, axis2=2)
        total = jnp.sum(share, axis=0)
        return {
            "alphas": total - points * jax.nn.softmax(x["alphas"]),
            "means": jnp.einsum("kij,pki->kj", factor(x), weighted),
            "log_diagonal": total[:, None] - scale * own - scale**2,
            "lower": -outer[:, rows, columns] - x["lower"],
        }

    x = {
        "alphas": draws.normal(clusters),
        "means": draws.normal(clusters, dimensions),
        "log_diagonal": draws.normal(clusters, dimensions, scale=0.3),
        "lower": draws.normal(clusters, len(rows), scale=0.3),
    }
    return Parts(f, x, jacobian)


_SIZES = (
    Knob("points", "Points", 64, "Points of data.", 1, 262_144),
    Knob("clusters", "Clusters", 4, "Clusters that are fitted.", 1, 1_024),
    Knob("dimensions", "Dimensions", 3, "Coordinates of a point.", 1, 64),
)

KMEANS = Family(
    name="kmeans",
    title="k-means cost",
    group=GROUP,
    about="Squared distance of each point to its nearest centroid: the Hessian is diagonal.",
    formula=r"f(c) = \sum_i \min_k \lVert x_i - c_k \rVert^2",
    source="Bottou & Bengio (1994), Convergence properties of the k-means algorithms; GradBench",
    make=_make_kmeans,
    sizes=_SIZES,
    telling={"points": 2_048, "clusters": 16, "dimensions": 8},
)

MIXTURE = Family(
    name="gaussian_mixture",
    title="Gaussian mixture, log-likelihood",
    group=GROUP,
    about="Weights, means and covariances in four blocks: one gradient, and a dense Hessian.",
    formula=(
        r"f = \sum_i \log \sum_k e^{\lambda_{ik}} - n \log \sum_k e^{\alpha_k}"
        r" - \tfrac{1}{2} \sum_k \lVert Q_k \rVert_F^2, \quad \lambda_{ik} = \alpha_k"
        r" + \log \det Q_k - \tfrac{1}{2} \lVert Q_k (x_i - \mu_k) \rVert^2"
    ),
    source="Šrajer, Kukelova & Fitzgibbon (2018), A benchmark of selected AD tools (ADBench)",
    make=_make_mixture,
    sizes=_SIZES,
    telling={"points": 512, "clusters": 8, "dimensions": 4},
)
