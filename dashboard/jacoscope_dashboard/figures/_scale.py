"""The diverging scale of a heatmap: limits around zero, the logarithmic shade, ticks.

The shade of the logarithmic scale is sign(v)·log(1 + |v|/t), as in Webber (2012),
https://doi.org/10.1088/0957-0233/24/2/027001: it goes through zero, and signs stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ._units import significant

Matrix = np.ndarray  # float32, (r, c)


@dataclass(frozen=True)
class Scale:
    """How values become shades.

    Attributes:
        limit: The largest finite magnitude; 1 where all is zero, so that zero is neutral.
        threshold: Where the logarithmic scale turns linear; None for a linear scale.
    """

    limit: float
    threshold: float | None = None

    @property
    def top(self) -> float:
        """Give the shade of `limit`; the scale goes from its negative to it."""
        return float(self.shade(np.float32(self.limit)))

    def shade(self, values: np.ndarray | np.float32) -> np.ndarray:
        """Give the shades of values, in float32; NaN and infinities stay what they are."""
        if self.threshold is None:
            return np.asarray(values, dtype=np.float32)
        scaled = np.abs(values) / np.float32(self.threshold)
        return np.sign(values) * np.log1p(scaled, dtype=np.float32)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Give the ticks of the color bar: shades, and the values they stand for."""
        if self.threshold is None:
            step = _round_step(self.limit / 2)
            count = int(self.limit / step + 1e-9)
            values = [step * k for k in range(-count, count + 1)]
        else:
            powers = range(
                math.ceil(math.log10(self.threshold) - 1e-9),
                math.floor(math.log10(self.limit) + 1e-9) + 1,
            )
            some = [10.0**power for power in list(powers)[:: -max(1, math.ceil(len(powers) / 4))]]
            values = [-value for value in some] + [0.0] + some[::-1]
        return tuple((float(self.shade(np.float32(v))), significant(v, 3)) for v in values)


def scale_of(values: Matrix, log: bool) -> Scale:
    """Choose the scale of a matrix.

    Args:
        values: The matrix, (r, c).
        log: Whether small magnitudes are to be told apart too.
    """
    sizes = np.abs(values)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not sizes.size:
        return Scale(1.0, 0.01 if log else None)
    limit = float(sizes.max())
    if not log:
        return Scale(limit)
    # From a hundredth of the largest, for a matrix of equals, to a millionth, for one of extremes.
    smallest = float(np.clip(sizes.min(), 1e-6 * limit, 1e-2 * limit))
    tiniest = float(np.finfo(np.float32).tiny)
    return Scale(limit, max(smallest, tiniest))


def _round_step(size: float) -> float:
    power = 10.0 ** math.floor(math.log10(size))
    return max(factor for factor in (1, 2, 2.5, 5) if factor * power <= size * (1 + 1e-9)) * power
