"""What the editor can begin with: small functions of one's own, each ready to be changed."""

from __future__ import annotations

EXAMPLES: dict[str, str] = {
    "A layer": """import jax.numpy as jnp

A = jnp.linspace(-1.0, 1.0, 8 * 12).reshape(8, 12)


def f(x):
    return jnp.tanh(A @ x)


x = jnp.linspace(-1.0, 1.0, 12)
""",
    "A dict of parameters": """import jax.numpy as jnp

data = jnp.linspace(-2.0, 2.0, 24).reshape(6, 4)


def f(params):
    hidden = jnp.tanh(data @ params["weights"] + params["bias"])
    return hidden.sum(axis=1)


x = {"weights": jnp.full((4, 3), 0.3), "bias": jnp.zeros(3)}
""",
    "Steps of an ODE": '''import jax
import jax.numpy as jnp


def f(x):
    """Lorenz's system of 1996, 50 steps of Euler's method."""

    def step(x, _):
        slope = (jnp.roll(x, -1) - jnp.roll(x, 2)) * jnp.roll(x, 1) - x + 8.0
        return x + 0.01 * slope, None

    return jax.lax.scan(step, x, length=50)[0]


x = 8.0 + jnp.sin(jnp.arange(20.0))
''',
    "Neighbors only": '''import jax.numpy as jnp


def f(x):
    """A sparse Jacobian: each output depends on three inputs."""
    return jnp.roll(x, 1) - 2.0 * x + jnp.roll(x, -1) + x**3


x = jnp.linspace(0.0, 1.0, 64)
''',
    "A loss": '''import jax
import jax.numpy as jnp

inputs = jnp.linspace(-1.0, 1.0, 120).reshape(40, 3)
labels = (inputs.sum(axis=1) > 0.0).astype(jnp.float32)


def f(weights):
    """A single number: its Jacobian is a gradient, and reverse mode needs one pass."""
    logits = inputs @ weights
    return jnp.mean(jnp.logaddexp(0.0, logits) - labels * logits)


x = jnp.array([0.5, -0.2, 0.1])
''',
}
