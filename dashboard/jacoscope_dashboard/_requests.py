"""From a spec to the jobs that answer it. Pure: nothing is sent from here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jacoscope import Study
from jacoscope.problems import Knob, family
from jacoscope.run import Job, problem_target

from ._cache import plain_key
from ._comparison import Request
from ._experiment import OWN, SHOWN_FIELDS, Experiment
from ._lessons import Lesson
from ._reading import read_bytes
from ._vector_choice import read_choice

CHUNK_SIZES = (8, 64, 256)
MANY_CHUNKS = (8, 32)
MANY_VECTORS = (1, 4, 16, 64)
SWEEP_SIZES = 5
SWEEP_RATIO = 4
LESSON_LIMIT_S = 30.0
QUIET_S = 2.5  # that the page may take to draw what it has heard of

Spec = dict[str, Any]


def target_of(spec: Spec, own: Any = None) -> Any:
    """Return the target of a spec as plain data; `own` is the target of one's own function."""
    return own if spec["problem"] == OWN else problem_target(spec["problem"], spec["knobs"])


def matrix_request(spec: Spec, own: Any = None) -> tuple[str, Any]:
    """Return the matrix job of a spec, and a key that equal jobs share."""
    target = target_of(spec, own)
    names = ("quantity", "mode", "batching", "chunk_size", "device", "order", "vectors")
    options = {name: spec[name] for name in names}
    return plain_key("matrix", target, options), Job("matrix", target, options)


def advice_request(spec: Spec, own: Any = None) -> tuple[str, Any]:
    """Return the advice job of a spec, and a key that equal jobs share."""
    target = target_of(spec, own)
    options = {
        "quantity": spec["quantity"],
        "vectors": spec["vectors"],
        "memory_limit": read_bytes(spec["memory_limit"]) if spec["memory_limit"] else None,
        "device": spec["device"],
    }
    return plain_key("advise", target, options), Job("advise", target, options)


def structure_request(spec: Spec, own: Any = None) -> tuple[str, Any]:
    """Return the structure job of a spec, and a key that equal jobs share."""
    target = target_of(spec, own)
    options = {"quantity": spec["quantity"], "device": spec["device"]}
    return plain_key("structure", target, options), Job("structure", target, options)


def products_request(spec: Spec, own: Any = None, part: str = "vectors") -> tuple[str, Any]:
    """Return the products job of a spec, and a key that equal jobs share.

    Args:
        spec: The spec.
        own: The target of one's own function.
        part: `vectors`, or `orders` for the Hessian times the tangent.
    """
    target = target_of(spec, own)
    options = {"part": part, "device": spec["device"], "tangent": read_choice(spec["tangent"])}
    if part == "vectors":
        options |= {"cotangent": read_choice(spec["cotangent"]), "radius": spec["radius"]}
    return plain_key("products", target, options), Job("products", target, options)


def inside_request(spec: Spec, own: Any = None) -> tuple[str, Any]:
    """Return the job that looks inside of a spec's function, and a key that equal jobs share."""
    target = target_of(spec, own)
    options = {"policy": spec["policy"], "device": spec["device"]}
    return plain_key("inside", target, options), Job("inside", target, options)


def many_requests(spec: Spec, quantity: str, own: Any = None) -> list[Request]:
    """Return one comparison per number of vectors, of `jmp` or `mjp`."""
    requests = []
    for count in MANY_VECTORS:
        request = compare_request({**spec, "quantity": quantity, "vectors": count}, own, size=count)
        options = {**request.job.options, "chunk_sizes": list(MANY_CHUNKS)}
        requests.append(replace(request, job=replace(request.job, options=options)))
    return requests


def lesson_requests(lesson: Lesson) -> list[Request]:
    """Return the comparisons that a lesson is judged by."""
    requests = []
    for size in lesson.sizes:
        knobs, vectors = dict(lesson.knobs), None
        if lesson.size == "vectors":
            vectors = size
        elif lesson.size:
            knobs[lesson.size] = size
        experiment = Experiment(
            problem=lesson.problem,
            knobs=knobs,
            quantity=lesson.quantity,
            vectors=vectors,
            time_limit=LESSON_LIMIT_S,
        )
        requests.append(compare_request(experiment.spec(), size=size))
    return requests


def against_request(here: Study, there: Study | bytes) -> tuple[str, Any]:
    """Return the job that holds a study against another one, and a key that equal jobs share.

    Args:
        here: The study.
        there: The other one, or the content of its file, which only a worker reads.
    """
    other = there if isinstance(there, bytes) else there.to_plain()
    options = {"here": here.to_plain(), "there": other}
    return plain_key("against", options), Job("against", {}, options)


def same_to_measure(one: Spec, other: Spec) -> bool:
    """Whether two specs give the same measurements: what is only shown doesn't count."""
    return all(one[name] == other.get(name) for name in one if name not in SHOWN_FIELDS)


def compare_request(spec: Spec, own: Any = None, *, size: int = 0) -> Request:
    """Return the comparison of all strategies for a spec."""
    chunk = spec["chunk_size"]
    options = {
        "quantity": spec["quantity"],
        "device": spec["device"],
        "chunk_sizes": sorted({*CHUNK_SIZES, chunk} if chunk else CHUNK_SIZES),
        "vectors": spec["vectors"],
        "jit": True,
        "time_limit": float(spec["time_limit"]),
        "memory_limit": read_bytes(spec["memory_limit"]) if spec["memory_limit"] else None,
        "quiet_s": QUIET_S,
    }
    return Request(Job("compare", target_of(spec, own), options), spec, size)


def sweep_sizes(knob: Knob, end: int | None = None, *, ratio: int = SWEEP_RATIO) -> list[int]:
    """Return the sizes a sweep of `knob` visits: a geometric row up to `end`.

    >>> from jacoscope.problems import family
    >>> sweep_sizes(family("logistic_regression").knobs["batch"], 2048)
    [8, 32, 128, 512, 2048]
    """
    low, high = knob.low or 1, knob.high or 1
    top = min(end or int(knob.default) * ratio ** (SWEEP_SIZES - 1), high)
    sizes = {max(low, top // ratio**step) for step in range(SWEEP_SIZES)}
    return sorted(sizes)


def sweep_requests(spec: Spec) -> list[Request]:
    """Return one comparison per size of the problem's first knob; none for one's own function."""
    if spec["problem"] == OWN:
        return []
    each = family(spec["problem"])
    knob = next(iter(each.knobs.values()))
    if knob.choices:
        return []
    return [
        compare_request({**spec, "knobs": {**spec["knobs"], knob.name: size}}, size=size)
        for size in sweep_sizes(knob, each.sweep_end(knob.name))
    ]


def telling_knobs(spec: Spec) -> dict[str, Any] | None:
    """Return knobs at which times tell something; None where the problem knows no such size."""
    if spec["problem"] == OWN or not family(spec["problem"]).telling:
        return None
    return {**spec["knobs"], **family(spec["problem"]).telling}
