"""The memory gate: a strategy that would not fit is refused before it allocates anything.

First by shapes alone, before it is even compiled; then by XLA's prediction of the compiled
program. What is refused says how much it needs, and the largest chunk that would fit. Predictions
may be far too low: in a worker, what is seen to take too much goes no further.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax

from ._coloring import Coloring
from ._failure import Failure, attempt
from ._fit import fitting_chunk
from ._limits import excess, refusal
from ._measurement import Measurement
from ._memory import RESOLUTION_BYTES
from ._room import Room
from ._scene import Scene
from ._strategy import Strategy

_INDEX_BYTES = 4
_SEEN = "measured: rise of resident memory, in the process of the comparison"
_GIVEN_BACK = "To keep to the limit, its memory goes back after each call, which takes time."
_CALLS, _CALLS_ALONE = 3, 25  # the latter as many as are timed


@dataclass
class Gate:
    """Decides what may run within a limit.

    Attributes:
        scene: The function and its point.
        limit_bytes: The limit.
        given: Whether the user gave it, or it is what the machine has free.
        room: Where it can be seen what runs; None where it can't.
        alone: Whether each is to be seen for as long as it would be timed: a worker has died while
            all were, and of which is not known.
        chunks: Mode or order → the largest chunk that fits, once it has been looked for.
    """

    scene: Scene
    limit_bytes: int
    given: bool
    room: Room | None = None
    alone: bool = False
    chunks: dict[str, int | None] = field(default_factory=dict)

    def holds(self, strategy: Strategy) -> bool:
        """Whether a strategy's arguments and result fit, by their shapes."""
        return self._in_all(strategy, result_bytes(strategy, self.scene)) <= self.limit_bytes

    def by_shape(self, strategy: Strategy, row: Measurement) -> Measurement | None:
        """Refuse a strategy whose result alone is too large; None lets it pass."""
        needed = self._in_all(strategy, result_bytes(strategy, self.scene))
        if needed <= self.limit_bytes:
            return None
        return row.but(
            status="refused",
            message=f"{self._said(needed, None)} The result alone takes that much.",
            output_bytes=needed,
            memory_source="predicted from shapes",
        )

    def by_prediction(self, strategy: Strategy, row: Measurement) -> Measurement | None:
        """Refuse a compiled strategy whose prediction is too large; None lets it pass."""
        if row.predicted_bytes is None:
            return None
        needed = self._in_all(strategy, row.predicted_bytes)
        if needed <= self.limit_bytes:
            return None
        return row.but(status="refused", message=self._said(needed, self.largest_chunk(strategy)))

    def by_peak(
        self, row: Measurement, call: Callable[[], Any], first_rise: int
    ) -> Measurement | None:
        """Refuse a strategy that is seen to take too much; None lets it pass.

        Args:
            row: Its row.
            call: What is to be timed; it has run once.
            first_rise: By how many bytes memory rose then, what a first run leaves included.
        """
        room, arguments = self.room, row.argument_bytes or 0
        suspect = self.alone or excess(first_rise + arguments, self.limit_bytes)
        if room is None or not suspect:
            return None
        calls = _CALLS_ALONE if self.alone else _CALLS
        rise = attempt(lambda: room.rise(call, calls))
        if isinstance(rise, Failure):
            return row.but(status=rise.status, message=rise.message)
        peak = rise + arguments
        said = excess(peak, self.limit_bytes)
        if not said or peak < RESOLUTION_BYTES:
            return None
        return row.but(status="out_of_memory", message=said).with_peak(peak, _SEEN)

    def watch(self) -> None:
        """Have it seen what runs from now on; until a sample of it is taken."""
        if self.room is not None:
            self.room.tighten()

    def before(
        self, calls: Mapping[str, Callable[[], Any]], needs: Mapping[str, int]
    ) -> Callable[[str], None]:
        """Return what is to be called before a sample of each; see `Room.before`."""
        return (lambda name: None) if self.room is None else self.room.before(calls, needs)

    def said_of_time(self, need_bytes: int) -> str:
        """Say of what takes so much why it takes longer than without a limit; else empty."""
        return _GIVEN_BACK if self.room is not None and self.room.is_tight(need_bytes) else ""

    def _said(self, needed: int, chunk: int | None) -> str:
        sentence = refusal(needed, self.limit_bytes, chunk)
        return sentence if self.given else sentence.replace("the memory limit of", "the free")

    def _in_all(self, strategy: Strategy, each_bytes: int) -> int:
        """Return what counts against the limit of what one device, or each of several, takes.

        The devices of a CPU have their memory in common, which is what this process is limited to.
        """
        shared = self.scene.shares if strategy.sharded else None
        if shared is None or self.scene.device.platform != "cpu":
            return each_bytes
        return shared.mesh.size * each_bytes

    def largest_chunk(self, strategy: Strategy) -> int | None:
        """Find the largest chunk that fits in this strategy's mode, by prediction alone."""
        scene = self.scene
        key = f"{strategy.mode or strategy.order}, sharded: {strategy.sharded}"
        limit = self.limit_bytes // self._in_all(strategy, 1)
        shares = scene.shares if strategy.sharded else None
        passes = strategy.passes(scene.n_in, scene.n_out, scene.count)
        if key not in self.chunks:
            found = attempt(
                lambda: fitting_chunk(
                    strategy, scene.f, scene.arguments, passes, limit, shares=shares
                )
            )
            self.chunks[key] = None if isinstance(found, Failure) else found
        return self.chunks[key]


def result_bytes(strategy: Strategy, scene: Scene) -> int:
    """Return the bytes of a strategy's arguments and result, from shapes alone."""
    inputs, outputs = jax.tree.leaves(scene.x), jax.tree.leaves(scene.y)
    x_bytes = sum(leaf.size * leaf.dtype.itemsize for leaf in inputs)
    y_bytes = sum(leaf.size * leaf.dtype.itemsize for leaf in outputs)
    given = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(scene.vectors))
    if strategy.coloring is not None and scene.output == "bcoo":
        return x_bytes + _entries_bytes(strategy.coloring, scene)
    match strategy.quantity:
        case "jacobian" if strategy.mode == "reverse":
            result = scene.n_out * x_bytes
        case "jacobian":
            result = scene.n_in * y_bytes
        case "hessian":
            result = scene.n_in * x_bytes
        case "jmp":
            result = scene.count * y_bytes
        case _:
            result = scene.count * x_bytes
    if strategy.sharded and scene.shares is not None:
        result = -(-result // scene.shares.mesh.size)
    return x_bytes + given + result


def _entries_bytes(coloring: Coloring, scene: Scene) -> int:
    """Return the most bytes of a `BCOO`: the entries, and for each an index a dimension."""
    inputs, outputs = jax.tree.leaves(scene.x), jax.tree.leaves(scene.y)
    largest = max(leaf.dtype.itemsize for leaf in [*inputs, *outputs])
    dimensions = sum(max(leaf.ndim for leaf in leaves) for leaves in (inputs, outputs))
    return coloring.pattern.nnz * (largest + dimensions * _INDEX_BYTES)
