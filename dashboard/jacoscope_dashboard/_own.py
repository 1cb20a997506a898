"""One's own function, as it is typed on the page: its source, and where its point comes from.

No Panel here, and nothing of the source is run or read: that is for a worker.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import param

from jacoscope.run import DTYPES, source_target

from ._cache import plain_key
from ._examples import EXAMPLES
from ._reading import read_shape

LARGEST_SOURCE = 200_000
LARGEST_FILE = 50_000_000


class Own(param.Parameterized):
    """What the editor holds, and what of it has been taken."""

    source = param.String(default=next(iter(EXAMPLES.values())), doc="Python that defines `f`.")
    shape = param.String(default="", doc="Shape of the point, as `128x32`; empty for the code's.")
    dtype = param.Selector(default=DTYPES[0], objects=list(DTYPES))
    arrays = param.Bytes(default=None, allow_None=True, doc="Content of an `.npz` or `.npy`.")
    name = param.String(default="own")

    def target(self) -> dict[str, Any]:
        """Return what is typed as the target of a job.

        Raises:
            ValueError: The source is empty or longer than any that is taken.
        """
        if not self.source.strip():
            raise ValueError("There is no code yet. Define a function `f`.")
        if len(self.source) > LARGEST_SOURCE:
            raise ValueError(f"The code may have {LARGEST_SOURCE:,} characters at most.")
        return source_target(
            self.source,
            shape=read_shape(self.shape) if self.shape else None,
            arrays=self.arrays,
            dtype=self.dtype,
        )


def typed(target: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has to be typed for a target of one's own function."""
    shape = target["shape"]
    return {
        "source": target["source"],
        "shape": "" if shape is None else "x".join(map(str, shape)) or "scalar",
        "dtype": target["dtype"],
        "arrays": target["arrays"],
    }


def fingerprint(target: dict[str, Any]) -> str:
    """Return a short name by which a target is told apart from others."""
    return hashlib.sha256(plain_key("own", target).encode()).hexdigest()[:16]
