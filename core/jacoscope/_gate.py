"""The memory gate: a strategy that would not fit is refused before it allocates anything.

First by shapes alone, before it is even compiled; then by XLA's prediction of the compiled
program. What is refused says how much it needs, and the largest chunk that would fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import jax

from ._coloring import Coloring
from ._failure import Failure, attempt
from ._fit import fitting_chunk
from ._limits import refusal
from ._measurement import Measurement
from ._scene import Scene
from ._strategy import Strategy

_INDEX_BYTES = 4


@dataclass
class Gate:
    """Decides what may run within a limit.

    Attributes:
        scene: The function and its point.
        limit_bytes: The limit.
        given: Whether the user gave it, or it is what the machine has free.
        chunks: Mode or order → the largest chunk that fits, once it has been looked for.
    """

    scene: Scene
    limit_bytes: int
    given: bool
    chunks: dict[str, int | None] = field(default_factory=dict)

    def holds(self, strategy: Strategy) -> bool:
        """Whether a strategy's arguments and result fit, by their shapes."""
        return result_bytes(strategy, self.scene) <= self.limit_bytes

    def by_shape(self, strategy: Strategy, row: Measurement) -> Measurement | None:
        """Refuse a strategy whose result alone is too large; None lets it pass."""
        needed = result_bytes(strategy, self.scene)
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
        if row.predicted_bytes is None or row.predicted_bytes <= self.limit_bytes:
            return None
        return row.but(
            status="refused", message=self._said(row.predicted_bytes, self.largest_chunk(strategy))
        )

    def _said(self, needed: int, chunk: int | None) -> str:
        sentence = refusal(needed, self.limit_bytes, chunk)
        return sentence if self.given else sentence.replace("the memory limit of", "the free")

    def largest_chunk(self, strategy: Strategy) -> int | None:
        """Find the largest chunk that fits in this strategy's mode, by prediction alone."""
        scene = self.scene
        key = str(strategy.mode or strategy.order)
        passes = strategy.passes(scene.n_in, scene.n_out, scene.count)
        if key not in self.chunks:
            found = attempt(
                lambda: fitting_chunk(strategy, scene.f, scene.arguments, passes, self.limit_bytes)
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
    return x_bytes + given + result


def _entries_bytes(coloring: Coloring, scene: Scene) -> int:
    """Return the most bytes of a `BCOO`: the entries, and for each an index a dimension."""
    inputs, outputs = jax.tree.leaves(scene.x), jax.tree.leaves(scene.y)
    largest = max(leaf.dtype.itemsize for leaf in [*inputs, *outputs])
    dimensions = sum(max(leaf.ndim for leaf in leaves) for leaves in (inputs, outputs))
    return coloring.pattern.nnz * (largest + dimensions * _INDEX_BYTES)
