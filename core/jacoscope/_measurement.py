"""One row of a study: what is known of one strategy, measured or predicted. Unknown is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

Status = Literal[
    "ok", "unsupported", "refused", "timed_out", "out_of_memory", "crashed", "cancelled"
]

_PEAK = "peak "
_LARGEST = 2**63  # no number that is measured is above
_SHOWN = 40  # characters of what can't be read


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
            ValueError: A field is unknown, missing or of another kind, or the status is not one of
                the seven.
        """
        if not isinstance(plain, Mapping):
            raise ValueError("This is not a row of a study: it has no fields.")
        unknown = sorted(str(name) for name in set(plain) - {each.name for each in fields(cls)})
        if unknown or not {"quantity", "strategy"} <= set(plain):
            what = f"it has {shown(', '.join(unknown))}" if unknown else "it has no strategy"
            raise ValueError(f"This is not a row of a study: {what}.")
        if plain.get("status", "ok") not in get_args(Status):
            raise ValueError(f"A row's status can't be {shown(plain['status'])}.")
        for name, value in plain.items():
            if not fits(value, _hints()[name]) or (name.endswith("_s") and not _is_time(value)):
                raise ValueError(f"A row's {name} can't be {shown(value)}.")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in plain.items()
        }
        return cls(**values)


def _is_time(value: Any) -> bool:
    """Whether a time is one, or is unknown, and a row of samples is of times above 0."""
    if isinstance(value, list | tuple):
        return all(0 < each <= _LARGEST for each in value)
    return value is None or 0 <= value <= _LARGEST


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Measurement)


def shown(value: object) -> str:
    """Return a value as it is shown where it can't be what it is: no more than its beginning."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def fits(value: object, hint: Any) -> bool:
    """Whether a JSON value may be a field's: a whole number may be a float, a list a tuple."""
    allowed = get_args(hint) or (hint,)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            return False
        one_of_each_type = {type(each): each for each in value}.values()
        return all(fits(each, allowed[0]) for each in one_of_each_type)
    if get_origin(hint) is Literal:
        return value in allowed
    kinds = {float: (int, float), NoneType: (NoneType,)}
    if isinstance(value, int) and abs(value) > _LARGEST:
        return False
    if isinstance(value, bool):  # which is an int to Python
        return bool in allowed
    return any(isinstance(value, kinds.get(kind, (kind,))) for kind in allowed)


COLUMNS = tuple(
    each.name for each in fields(Measurement) if each.name not in ("samples_s", "disturbed")
)
