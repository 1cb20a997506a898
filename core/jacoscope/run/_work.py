"""What a job does, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
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
from ._turn import Turn, Turns

Emit = Callable[[dict[str, Any]], None]


def perform(job: Job, emit: Emit, turns: Turns | None = None) -> dict[str, Any]:
    """Do a job in this process and return its value, plain data with arrays.

    It has started once it is its turn, before anything of a user's runs: time counts from there.

    Args:
        job: What to do.
        emit: Takes the events.
        turns: Where to wait for the device; this machine's locks where None.

    Raises:
        Exception: Whatever the job runs into, a user's function included.
    """
    turns = turns or Turn()
    with turn_of(job, emit, turns):
        emit({"type": "started"})
        match job.kind:
            case "devices":
                return {"devices": [_device(each) for each in all_devices()]}
            case "products":
                with products_at(job.target, job.options.get("device")) as at:
                    return draw_products(at, **job.options)
            case "against":
                return _held(job)
            case "compare":
                return _compare(job, emit, turns)
        with opened(job.target) as target:
            match job.kind:
                case "matrix":
                    return draw(target.f, target.x, target.jacobian, **job.options)
                case "structure":
                    return look_at_structure(target.f, target.x, **job.options)
                case "inside":
                    return look_inside(target.f, target.x, **job.options)
                case "advise":
                    return {"advice": asdict(advise(target.f, target.x, **job.options))}
                case "peak":
                    options, name = dict(job.options), str(job.options["strategy"])
                    del options["strategy"]
                    return measure_peak(target.f, target.x, _options(options, target.vectors), name)
                case kind:
                    raise ValueError(f"There is no job of kind {kind!r}.")


def turn_of(job: Job, emit: Emit, turns: Turns) -> AbstractContextManager[None]:
    """Wait for the turn of a job, and hold it."""
    match job.kind:
        case "devices":
            return nullcontext()
        case "compare":
            return turns.timing(lambda: emit({"type": "queued", "place": None}))
        case "peak":
            return turns.timing()
        case _:
            return turns.probe(job.lane)


def _held(job: Job) -> dict[str, Any]:
    try:
        return hold_against(**job.options)
    except ValueError as error:  # of a file, and not of the function
        raise PlainError(str(error)) from error


def _device(device: Any) -> dict[str, str]:
    return {"name": device_name(device), "platform": device.platform, "kind": device.device_kind}


def _compare(job: Job, emit: Emit, turns: Turns) -> dict[str, Any]:
    with opened(job.target) as target:
        options = replace(
            _options(job.options, target.vectors), title=str(job.target.get("title", ""))
        )
        before = printed()
        measured = measure(target.f, target.x, options, emit, turns.alone, turns.between)
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
