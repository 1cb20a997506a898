"""What all strategies of one comparison share: the function, its point, vectors and reference."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from ._decompression import Output
from ._devices import Device, device_name
from ._draws import draws_others_in_float64
from ._failure import LEFT_BEHIND, Failure, attempt
from ._mesh import find_mesh, mesh_name
from ._point import NEEDS_VALUES, check_stack, checked, size, unary
from ._program import draw_vectors
from ._purity import look_twice
from ._reference import Reference, make_reference
from ._residuals import residual_bytes
from ._shares import Shares
from ._spread import arranged
from ._strategy import Quantity, Strategy
from ._timing import Protocol

_LONG = 500  # equations
_UNCHECKED = "Not checked: JAX's own derivative in float64 does not fit into the memory limit."
_UNSTEADY = "Not checked: JAX's own derivative in float64 would be one of another trace."
_OTHER_DRAWS = "Not checked: in float64, `f` draws other random numbers unless it names a dtype."
_QUICK_S, _QUICK_SHARE = 1.0, 0.05  # of the time limit: a trace that may be taken once more


@dataclass(frozen=True)
class Options:
    """What a comparison is asked for; see `jacoscope.compare`.

    Attributes:
        output: What a colored strategy returns; with `bcoo` and `tune` only these are asked for.
        only: Names of the strategies to measure, of those that there are; empty for all of them.
            `colored` stands for all that follow a pattern, which is looked for only then.
        tune: Whether only the fastest is asked for: the likeliest first, and those that are
            beaten no longer measured.
        one_at_a_time: Whether it is to be known what a worker dies of: `tune` has nothing compiled
            beside, and under a memory limit each strategy is seen alone for as long as it is timed.
        quiet_s: Seconds to wait at most, before anything is timed, until little else is at work on
            this machine: who hears of a comparison may have something to draw.
        has_room: Whether this process was made for the memory limit; see `_room`.
        failed: Strategy → status and sentence, of those that a worker has died of.
    """

    quantity: Quantity = "jacobian"
    chunk_sizes: tuple[int, ...] = (8, 64, 256)
    vectors: Any = None
    jit: bool = True
    device: str | None = None
    memory_limit: int | None = None
    time_limit: float = 60.0
    argnums: int | tuple[int, ...] = 0
    sparsity: Any = None
    output: Output = "dense"
    only: tuple[str, ...] = ()
    title: str = ""
    tune: bool = False
    one_at_a_time: bool = False
    quiet_s: float = 0.0
    has_room: bool = False
    failed: dict[str, Any] = field(default_factory=dict)
    protocol: Protocol = field(default_factory=Protocol)


@dataclass(frozen=True)
class Scene:
    """The function of one pytree, ready to be differentiated on its device.

    Attributes:
        f: The function.
        x: The point, n_in numbers.
        y: Shapes of the output, n_out numbers.
        vectors: The stacked vectors of `jmp`, `mjp` and `hvp`; else None.
        count: How many vectors; 1 without.
        jit: Whether `f` is to be jitted and can be.
        note: What is to be said on every row, such as why it can't be; else empty.
        output: What a colored strategy returns.
        device: Where it is computed.
        shares: The devices that share the passes of sharded strategies, that one the first of them;
            None where there is one alone.
        spread: What the programs of these are called with.
        residual_bytes: What reverse mode keeps of `f`; None where that can't be traced.
        reference: What results are checked against; None where JAX itself can't say.
        unchecked: Why there is no reference, where that is known.
        trace_s: Seconds that it took to trace `f`; None where it can't be traced.
    """

    f: Callable[[Any], Any]
    x: PyTree[Array]
    y: PyTree[Any]
    vectors: PyTree[Array] | None
    count: int
    jit: bool
    note: str
    device: Device
    residual_bytes: int | None
    output: Output = "dense"
    reference: Reference | None = None
    unchecked: str = ""
    trace_s: float | None = None
    shares: Shares | None = None
    spread: tuple[Any, ...] = ()

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What the program of every strategy of one device is called with."""
        return (self.x,) if self.vectors is None else (self.x, self.vectors)

    def arguments_of(self, strategy: Strategy) -> tuple[Any, ...]:
        """What a strategy's program is called with."""
        return self.spread if strategy.sharded else self.arguments

    def devices_of(self, strategy: Strategy) -> str:
        """Name where a strategy computes."""
        if strategy.sharded and self.shares is not None:
            return mesh_name(self.shares.mesh)
        return device_name(self.device)

    @property
    def dtype(self) -> str:
        """What the input is in, such as `float32`; of several, what JAX promotes them to."""
        return str(jnp.result_type(*jax.tree.leaves(self.x)))

    @property
    def n_in(self) -> int:
        """Numbers in the input."""
        return size(self.x)

    @property
    def n_out(self) -> int:
        """Numbers in the output."""
        return size(self.y)


def set_scene(f: Callable[..., Any], x: Any, options: Options, device: Device) -> Scene:
    """Check a function and its point, and make what its strategies share but the reference.

    Raises:
        TypeError: `x` or `f(x)` can't be differentiated.
        ValueError: An option does not fit.
    """
    g, point = unary(f, x, options.argnums)
    jit, note, trace_s = options.jit, _gathered(point, device), None
    point = jax.device_put(point, device)
    begin = time.perf_counter()
    try:
        y = jax.eval_shape(checked(g), point)
        trace_s = time.perf_counter() - begin
    except NEEDS_VALUES as error:
        y = jax.tree.map(jnp.asarray, checked(g)(point))
        if jit:
            branches = isinstance(error, jax.errors.TracerBoolConversionError)
            why = "branches on the value of its input" if branches else "needs values in Python"
            note = f"{note} f {why}, so jit refuses it: run eagerly.".strip()
        jit = False
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), y)
    vectors, count = _vectors(options, point, shapes)
    kept = attempt(lambda: residual_bytes(g, point))
    mesh = find_mesh(options.device)
    shares = Shares(mesh) if mesh is not None and mesh.size > 1 and jit else None
    given = (point,) if vectors is None else (point, vectors)
    return Scene(
        f=g,
        x=point,
        y=shapes,
        vectors=jax.device_put(vectors, device),
        count=count,
        jit=jit,
        note=note,
        device=device,
        residual_bytes=None if isinstance(kept, Failure) else kept,
        output=options.output,
        trace_s=trace_s,
        shares=shares,
        spread=() if shares is None else arranged(shares, given),
    )


def with_remarks(scene: Scene, f: Callable[..., Any], x: Any, options: Options) -> Scene:
    """Return the scene with what a second look at `f` tells, where its trace is quick.

    Args:
        scene: The scene.
        f: The function that it was set for.
        x: The point, or the tuple of all arguments.
        options: What is asked for.

    Raises:
        ValueError: `f` computes with what an earlier trace of it has left behind.
    """
    if scene.trace_s is None or scene.trace_s > min(_QUICK_S, _QUICK_SHARE * options.time_limit):
        return scene
    found = look_twice(f, x, options.argnums)
    if found.uses_left:
        raise ValueError(LEFT_BEHIND)
    note = " ".join(filter(None, [scene.note, found.note]))
    return replace(scene, note=note, unchecked=_UNSTEADY if found.differs else scene.unchecked)


def with_reference(
    scene: Scene, options: Options, limit_bytes: int, runs: Callable[[], None]
) -> Scene:
    """Return the scene with the reference that results are checked against, if JAX can tell.

    A long program is differentiated eagerly: compiling it once more would cost its user minutes.

    Args:
        scene: The scene.
        options: What is asked for.
        limit_bytes: What the reference may take.
        runs: Called before a program runs.
    """
    if scene.unchecked:
        return scene
    if attempt(lambda: draws_others_in_float64(scene.f, scene.x)) is True:
        return replace(scene, unchecked=_OTHER_DRAWS)
    found = attempt(
        lambda: make_reference(
            scene.f,
            scene.x,
            quantity=options.quantity,
            vectors=scene.vectors,
            n_out=scene.n_out,
            jit=scene.jit and _equations(scene) <= _LONG,
            brief=options.tune,
            limit_bytes=limit_bytes,
            runs=runs,
        )
    )
    if not isinstance(found, Failure):
        return replace(scene, reference=found)
    return replace(scene, unchecked=_UNCHECKED) if found.status == "out_of_memory" else scene


def _equations(scene: Scene) -> int:
    return len(jax.make_jaxpr(scene.f)(scene.x).jaxpr.eqns)


def _gathered(x: PyTree[Array], device: Device) -> str:
    """Say so where the point lies on several devices, as all is measured on one."""
    count = max(len(leaf.devices()) for leaf in jax.tree.leaves(x))
    if count == 1:
        return ""
    return f"`x` lies on {count} devices; it was gathered on {device_name(device)} alone."


def _vectors(options: Options, x: Any, y: Any) -> tuple[Any, int]:
    """Take the vectors that were given, or draw as many as were asked for."""
    quantity, given = options.quantity, options.vectors
    if quantity not in ("jmp", "mjp", "hvp"):
        return None, 1
    if given is None:
        given = 1 if quantity == "hvp" else 128
    if not isinstance(given, int):
        model, name = (y, "f(x)") if quantity == "mjp" else (x, "x")
        return check_stack(given, model, "vectors", name)
    if given < 1:
        raise ValueError(f"`vectors` must be at least 1, but got {given}.")
    return draw_vectors(quantity, x, y, given), given
