"""Systems that move or balance: mechanics, chemistry, networks, fields."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ._draws import Draws, Made


def reaction_network(species: int = 48, reactions: int = 96, steps: int = 8) -> Made:
    """Runge–Kutta steps of a random network of reactions A + B → C, by log rates and start."""
    draws = Draws()
    a, b, c = draws.integers(species, 3, reactions)

    def slope(y: jax.Array, rates: jax.Array) -> jax.Array:
        flow = rates * y[a] * y[b]
        return jnp.zeros_like(y).at[a].add(-flow).at[b].add(-flow).at[c].add(flow)

    def f(x: dict[str, jax.Array]) -> jax.Array:
        rates, h = jnp.exp(x["log_rates"]), 0.05

        def step(y: jax.Array, _: None) -> tuple[jax.Array, None]:
            first = slope(y, rates)
            second = slope(y + h / 2 * first, rates)
            third = slope(y + h / 2 * second, rates)
            last = slope(y + h * third, rates)
            return y + h / 6 * (first + 2 * second + 2 * third + last), None

        return jax.lax.scan(step, jnp.exp(x["log_start"]), None, steps)[0]

    x = {"log_rates": draws.normal(reactions, scale=0.5), "log_start": draws.normal(species)}
    return f, x


def robot_arm(joints: int = 48) -> Made:
    """Where every joint of a serial arm is, by the angles of its joints, about axes that vary."""
    draws = Draws()
    axes = draws.normal(joints, 3)
    axes = axes / jnp.linalg.norm(axes, axis=1, keepdims=True)
    link = jnp.asarray([0.0, 0.0, 0.1], jnp.float32)

    def turned(axis: jax.Array, angle: jax.Array) -> jax.Array:
        x, y, z = axis
        zero = jnp.zeros_like(x)
        cross = jnp.stack([zero, -z, y, z, zero, -x, -y, x, zero]).reshape(3, 3)
        return jnp.eye(3) + jnp.sin(angle) * cross + (1 - jnp.cos(angle)) * cross @ cross

    def f(angles: jax.Array) -> jax.Array:
        def step(carry: tuple, joint: tuple) -> tuple[tuple, jax.Array]:
            frame, place = carry
            frame = frame @ turned(*joint)
            place = place + frame @ link
            return (frame, place), place

        start = jnp.eye(3, dtype=jnp.float32), jnp.zeros(3, jnp.float32)
        return jax.lax.scan(step, start, (axes, angles))[1]

    return f, draws.normal(joints, scale=0.5)


def n_body(bodies: int = 64) -> Made:
    """The accelerations of bodies that pull on one another, by their places."""
    draws = Draws()
    masses = draws.uniform(0.5, 1.5, bodies)

    def f(x: jax.Array) -> jax.Array:
        apart = x - x[:, None]
        squares = jnp.sum(apart**2, -1) + 0.01
        return jnp.einsum("ij,ijk->ik", masses * squares**-1.5, apart)

    return f, draws.normal(bodies, 3)


def diffusion_residual(side: int = 32) -> Made:
    """Residuals of −∇·(k(u) ∇u) = b on a square with u = 0 around it: sparse."""
    draws = Draws()
    source, rough = draws.normal(side, side), draws.uniform(0.5, 1.5, side + 1, side + 1)
    h = 1 / (side + 1)

    def f(u: jax.Array) -> jax.Array:
        framed = jnp.pad(u, 1)
        conductive = 1 + framed**2
        right = (conductive[1:, 1:-1] + conductive[:-1, 1:-1]) / 2 * rough[:, :-1]
        up = (conductive[1:-1, 1:] + conductive[1:-1, :-1]) / 2 * rough[:-1]
        across = jnp.diff(right * jnp.diff(framed[:, 1:-1], axis=0), axis=0)
        along = jnp.diff(up * jnp.diff(framed[1:-1], axis=1), axis=1)
        return -(across + along) / h**2 - source

    return f, draws.normal(side, side, scale=0.3)


def power_flow(buses: int = 512) -> Made:
    """Power balances of a grid by angles and log voltages, a ring with some chords: sparse."""
    draws = Draws()
    ring = np.arange(buses, dtype=np.int32)
    chords = draws.integers(buses, 2, buses // 2)
    of = np.concatenate([ring, chords[0]])
    to = np.concatenate([(ring + 1) % buses, chords[1]]).astype(np.int32)
    conductance, susceptance = draws.uniform(0.5, 1.5, len(of)), draws.uniform(5, 15, len(of))
    wanted = draws.normal(2, buses, scale=0.1)

    def f(x: dict[str, jax.Array]) -> jax.Array:
        angle, voltage = x["angle"], jnp.exp(x["log_voltage"])
        lag = angle[of] - angle[to]
        joint = voltage[of] * voltage[to]
        g, b = conductance, susceptance
        sent = g * voltage[of] ** 2 - joint * (g * jnp.cos(lag) + b * jnp.sin(lag))
        came = g * voltage[to] ** 2 - joint * (g * jnp.cos(lag) - b * jnp.sin(lag))
        sent_idle = b * voltage[of] ** 2 - joint * (b * jnp.cos(lag) - g * jnp.sin(lag))
        came_idle = b * voltage[to] ** 2 - joint * (b * jnp.cos(lag) + g * jnp.sin(lag))
        active = jnp.zeros(buses, jnp.float32).at[of].add(sent).at[to].add(came)
        idle = jnp.zeros(buses, jnp.float32).at[of].add(sent_idle).at[to].add(came_idle)
        return jnp.stack([active, idle]) - wanted

    x = {
        "angle": draws.normal(buses, scale=0.1),
        "log_voltage": draws.normal(buses, scale=0.02),
    }
    return f, x


def collocation(knots: int = 160) -> Made:
    """Defects of a cart-pole's trajectory by its states and forces, trapezoidal: sparse."""
    draws = Draws()
    h, mass, length, gravity = 0.05, 0.3, 0.5, 9.81

    def slope(state: jax.Array, force: jax.Array) -> jax.Array:
        _, angle, speed, turn = state
        sine, cosine = jnp.sin(angle), jnp.cos(angle)
        whole = 1 + mass * sine**2
        pulled = force + mass * sine * (length * turn**2 + gravity * cosine)
        swung = -force * cosine - mass * length * turn**2 * cosine * sine
        return jnp.stack(
            [
                speed,
                turn,
                pulled / whole,
                (swung - (1 + mass) * gravity * sine) / (length * whole),
            ]
        )

    def f(x: dict[str, jax.Array]) -> jax.Array:
        slopes = jax.vmap(slope)(x["states"], x["forces"])
        moved = jnp.diff(x["states"], axis=0)
        return moved - h / 2 * (slopes[1:] + slopes[:-1])

    return f, {"states": draws.normal(knots, 4), "forces": draws.normal(knots)}
