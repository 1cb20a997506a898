"""Formulas as a browser typesets them itself: MathML, from TeX."""

from __future__ import annotations

import re
from functools import cache

from latex2mathml.converter import convert

_PIECES = re.compile(r",\s*\\quad\s*")


@cache
def typeset(tex: str) -> str:
    r"""Return TeX as MathML; what stands between `, \quad` may go to a line of its own.

    Example:
        >>> typeset("y = A x").count("<math"), typeset(r"y = A x, \quad J = A").count("<math")
        (1, 2)
    """
    pieces = _PIECES.split(tex)
    ends = [*([","] * (len(pieces) - 1)), ""]
    return " ".join(
        f'<span class="formula">{convert(piece)}{end}</span>'
        for piece, end in zip(pieces, ends, strict=True)
    )
