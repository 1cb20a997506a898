"""Which mode to use: for now the textbook's rule, by shape alone."""

from __future__ import annotations

from ._jacobian import Mode


def textbook_mode(n_in: int, n_out: int) -> Mode:
    """Return the mode that needs fewer passes: forward for n_in ≤ n_out, else reverse.

    Args:
        n_in: Numbers in the input, the passes of forward mode.
        n_out: Numbers in the output, the passes of reverse mode.

    Returns:
        `forward` or `reverse`.

    >>> textbook_mode(3, 4), textbook_mode(100, 1)
    ('forward', 'reverse')
    """
    return "forward" if n_in <= n_out else "reverse"
