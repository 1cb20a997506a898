"""What a job does, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from .._advise import advise
from .._against import hold_against
from .._devices import all_devices, device_name
from .._failure import PlainError
from .._inside import look_inside
from .._measure import measure, measure_peak
from .._picture import draw
from .._product_picture import draw_products
from .._scene import Options
from .._structure import look_at_structure
from .._study import Study
from .._units import format_bytes
from ._job import Job
from ._kept import products_at
from ._silence import printed
from ._target import opened
from ._turn import Turn

Emit = Callable[[dict[str, Any]], None]


def perform(job: Job, emit: Emit) -> dict[str, Any]:
    """Do a job in this process and return its value, plain data with arrays.

    Raises:
        Exception: Whatever the job runs into, a user's function included.
    """
    turn = Turn()
    match job.kind:
        case "devices":
            emit({"type": "started"})
            return {
                "devices": [
                    {"name": device_name(each), "platform": each.platform, "kind": each.device_kind}
                    for each in all_devices()
                ]
            }
        case "matrix":
            with turn.probe(job.lane), opened(job.target) as target:
                emit({"type": "started"})
                return draw(target.f, target.x, target.jacobian, **job.options)
        case "structure":
            with turn.probe(job.lane), opened(job.target) as target:
                emit({"type": "started"})
                return look_at_structure(target.f, target.x, **job.options)
        case "products":
            with turn.probe(job.lane), products_at(job.target, job.options.get("device")) as at:
                emit({"type": "started"})
                return draw_products(at, **job.options)
        case "inside":
            with turn.probe(job.lane), opened(job.target) as target:
                emit({"type": "started"})
                return look_inside(target.f, target.x, **job.options)
        case "advise":
            with turn.probe(job.lane), opened(job.target) as target:
                emit({"type": "started"})
                return {"advice": asdict(advise(target.f, target.x, **job.options))}
        case "against":
            with turn.probe(job.lane):
                emit({"type": "started"})
                return _held(job)
        case "compare":
            with turn.timing(lambda: emit({"type": "queued", "place": None})):
                emit({"type": "started"})
                return _compare(job, emit, turn)
        case "peak":
            with turn.timing(), opened(job.target) as target:
                emit({"type": "started"})
                options, name = dict(job.options), str(job.options["strategy"])
                del options["strategy"]
                return measure_peak(target.f, target.x, _options(options, target.vectors), name)
        case kind:
            raise ValueError(f"There is no job of kind {kind!r}.")


def _held(job: Job) -> dict[str, Any]:
    try:
        return hold_against(**job.options)
    except ValueError as error:  # of a file, and not of the function
        raise PlainError(str(error)) from error


def _compare(job: Job, emit: Emit, turn: Turn) -> dict[str, Any]:
    with opened(job.target) as target:
        options = replace(
            _options(job.options, target.vectors), title=str(job.target.get("title", ""))
        )
        before = printed()
        measured = measure(target.f, target.x, options, emit, turn.alone, turn.between)
        study = _told(measured.study, printed() - before)
        return {"study": study.to_plain(), "heavy": list(measured.heavy)}


def _told(study: Study, characters: int) -> Study:
    """Say on every row that `f` printed something, if it did: nobody has seen it."""
    if not characters:
        return study
    said = f"f printed {format_bytes(characters)} of text, which a worker shows nowhere."
    rows = [row.but(message=f"{row.message} {said}".strip()) for row in study.rows]
    return replace(study, rows=tuple(rows))


def _options(plain: Mapping[str, Any], vectors: Any) -> Options:
    """Read the options of a comparison.

    Raises:
        TypeError: There is one that `Options` does not know.
    """
    known = dict(plain)
    for name in ("chunk_sizes", "argnums", "only"):
        if isinstance(known.get(name), list):
            known[name] = tuple(known[name])
    if vectors is not None:
        known["vectors"] = vectors
    return Options(**known)
