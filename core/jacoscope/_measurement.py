"""One row of a study: what is known of one strategy, measured or predicted. Unknown is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

Status = Literal[
    "ok", "unsupported", "refused", "timed_out", "out_of_memory", "crashed", "cancelled"
]

_PEAK = "peak "


@dataclass(frozen=True)
class Measurement:
    """One strategy, what it cost and what it was.

    Seconds end in `_s`, bytes in `_bytes`. `low_s` to `high_s` is the interval of the median,
    `cost_of_f` is median_s / passes / the median of `f` itself. The two fields after it hold
    every sample and are not columns of the frame.
    """

    quantity: str
    strategy: str
    mode: str | None = None
    batching: str | None = None
    order: str | None = None
    chunk_size: int | None = None
    vectors: int | None = None
    jit: bool | None = None
    n_in: int | None = None
    n_out: int | None = None
    passes: int | None = None
    dtype: str | None = None
    device: str | None = None
    threads: int | None = None
    host: str | None = None
    status: Status = "ok"
    message: str = ""
    prep_s: float | None = None
    trace_s: float | None = None
    lower_s: float | None = None
    compile_s: float | None = None
    median_s: float | None = None
    q25_s: float | None = None
    q75_s: float | None = None
    low_s: float | None = None
    high_s: float | None = None
    tie: bool | None = None
    noisy: bool | None = None
    samples: int | None = None
    flops: float | None = None
    flops_note: str | None = None
    bytes_accessed: float | None = None
    argument_bytes: int | None = None
    output_bytes: int | None = None
    temp_bytes: int | None = None
    alias_bytes: int | None = None
    residual_bytes: int | None = None
    predicted_bytes: int | None = None
    peak_bytes: int | None = None
    memory_source: str | None = None
    error: float | None = None
    cost_of_f: float | None = None
    samples_s: tuple[float, ...] = ()
    disturbed: tuple[bool, ...] = ()

    def but(self, **changes: Any) -> Measurement:
        """Return a copy with these fields changed."""
        return replace(self, **changes)

    def with_peak(self, peak_bytes: int | None, source: str) -> Measurement:
        """Return a copy with this measured peak, None where unknown, and where it comes from."""
        predicted = (self.memory_source or "").partition(_PEAK)[0].removesuffix("; ")
        told = "; ".join(filter(None, [predicted, f"{_PEAK}{source}"]))
        return self.but(peak_bytes=peak_bytes, memory_source=told)

    def takes_less(self, others: Sequence[Measurement]) -> bool | None:
        """Return whether less memory is predicted than for each of others; None if unknown."""
        known = [row.predicted_bytes for row in others if row.predicted_bytes is not None]
        if self.predicted_bytes is None or not known or len(known) < len(others):
            return None
        return self.predicted_bytes < min(known)

    def to_plain(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Measurement:
        """Build a row from `to_plain`'s dictionary.

        Raises:
            ValueError: A field is unknown or missing, or the status is not one of the seven.
        """
        unknown = sorted(set(plain) - {each.name for each in fields(cls)})
        if unknown or not {"quantity", "strategy"} <= set(plain):
            raise ValueError(
                f"This is not a row of a study: {', '.join(unknown) or 'no strategy'}."
            )
        if plain.get("status", "ok") not in get_args(Status):
            raise ValueError(f"A row's status can't be {plain['status']!r}.")
        lists = ("samples_s", "disturbed")
        values: dict[str, Any] = {
            key: tuple(value) if key in lists else value for key, value in plain.items()
        }
        return cls(**values)


COLUMNS = tuple(
    each.name for each in fields(Measurement) if each.name not in ("samples_s", "disturbed")
)
