"""How far each row of a study is from what its device can do at most: the roofline model.

A program that does I floating-point operations a byte can do at most min(P, I B) a second, with P
the rate of a matrix product and B that of memory (Williams, Waterman, Patterson 2009). Operations
and bytes are counted, not measured: bytes are XLA's count, in which what a cache serves counts as
traffic, so that small programs may come out above their roof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ._measurement import Measurement


@dataclass(frozen=True)
class RooflinePoint:
    """Where one strategy stands.

    Attributes:
        strategy: Its name.
        intensity: Floating-point operations a byte, both counted.
        flops_per_s: What it does, by its median.
        roof_flops_per_s: The most that a program of this intensity can do here.
        share: The first over the second; above 1 where caches serve what counts as traffic.
        bound: Which ceiling is the lower one: `compute`, or `memory`.
    """

    strategy: str
    intensity: float
    flops_per_s: float
    roof_flops_per_s: float
    share: float
    bound: Literal["compute", "memory"]


def roofline_points(
    rows: Sequence[Measurement], ceilings: Mapping[str, Any] | None
) -> tuple[RooflinePoint, ...]:
    """Place rows under the roof of their device.

    Args:
        rows: Rows of a study; those without a time, operations or bytes are left out, and those
            of another dtype than the ceilings are for.
        ceilings: `flops_per_s`, `bytes_per_s` and `dtype`; None where they are not known.

    >>> row = Measurement("jacobian", "forward/vmap", dtype="float32", median_s=0.01)
    >>> row = row.but(flops=1e8, bytes_accessed=1e8)
    >>> roof = {"flops_per_s": 1e11, "bytes_per_s": 2e10, "dtype": "float32"}
    >>> [(point.share, point.bound) for point in roofline_points([row], roof)]
    [(0.5, 'memory')]
    """
    if ceilings is None:
        return ()
    points = []
    for row in rows:
        if not (row.median_s and row.flops and row.bytes_accessed):
            continue
        if row.status != "ok" or row.dtype != ceilings["dtype"]:
            continue
        intensity, rate = row.flops / row.bytes_accessed, row.flops / row.median_s
        by_memory = intensity * ceilings["bytes_per_s"]
        roof = min(ceilings["flops_per_s"], by_memory)
        points.append(
            RooflinePoint(
                strategy=row.strategy,
                intensity=intensity,
                flops_per_s=rate,
                roof_flops_per_s=roof,
                share=rate / roof,
                bound="memory" if by_memory < ceilings["flops_per_s"] else "compute",
            )
        )
    return tuple(points)
