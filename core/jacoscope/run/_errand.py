"""What Dask carries to a worker: a function that travels by value, and so needs no module to begin.

A scheduler unpickles the tasks that it is sent; it need not have Jacoscope.
"""

from __future__ import annotations


def errand(order: bytes) -> bytes:
    """Do what the order says, on a worker that has Jacoscope. See `carry_out`."""
    from jacoscope.run._station import carry_out

    return carry_out(order)
