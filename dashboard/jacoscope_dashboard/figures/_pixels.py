"""A heatmap as a picture of pixels, for where no script draws: a cell a square, a PNG."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from ._palette import STEPS, diverging, palette
from ._scale import scale_of

_SIDE = 384  # pixels
_LEAST = 16  # pixels that a side has at least


def heatmap_png(picture: dict[str, Any], *, dark: bool = False, side: int = _SIDE) -> bytes | None:
    """Return a matrix in the colors of `heatmap` as a PNG, its first entry top left.

    Args:
        picture: What a `matrix` job brings; `values` are float32, (r, c).
        dark: Whether the page is dark.
        side: Pixels that the longer side is to have, as near as whole cells come to it; a cell has
            one or more.

    Returns:
        The file's bytes; None for a matrix without entries.
    """
    values = np.asarray(picture["values"], dtype=np.float32)
    if not values.size:
        return None
    zoom = max(1, side // max(values.shape))
    height, width = (max(zoom * cells, _LEAST) for cells in values.shape)
    small = Image.fromarray(_colors(values, dark=dark))
    file = BytesIO()
    small.resize((width, height), Image.Resampling.NEAREST).save(file, "PNG", optimize=True)
    return file.getvalue()


def _colors(values: np.ndarray, *, dark: bool) -> np.ndarray:
    """Return the color of each value: uint8, (r, c, 3)."""
    colors = palette(dark)
    table = [_rgb(color) for color in (*diverging(dark), colors.nan, colors.inf)]
    share = np.clip(np.nan_to_num(values / np.float32(scale_of(values, log=False).top)), -1, 1)
    steps = np.rint((share + 1) / 2 * (STEPS - 1)).astype(int)
    steps = np.where(np.isnan(values), STEPS, np.where(np.isinf(values), STEPS + 1, steps))
    return np.array(table, dtype=np.uint8)[steps]


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
