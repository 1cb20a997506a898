"""What can grow, and the comparisons that show what changes with it. Pure: nothing is sent here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jacoscope.problems import Knob, families, family

from ._comparison import Request
from ._experiment import OWN, Experiment
from ._requests import Spec, compare_request, sweep_sizes

CHUNK_SIZES = (1, 4, 16, 64, 256)
VECTORS = (1, 4, 16, 64, 256)
MAP_STEPS = 4  # sizes each way
PRODUCTS = ("jmp", "mjp")
ONE_PASS = {
    "one JVP": ("jmp", "forward/vmap", None),
    "one VJP": ("mjp", "reverse/vmap", "nothing"),
    "one VJP, each step checkpointed": ("mjp", "reverse/vmap", "each step"),
    "one VJP, blocks checkpointed": ("mjp", "reverse/vmap", "blocks of steps"),
}

_CHUNK, _VECTORS = "chunk_size", "vectors"
DEVICES = "devices"
SHARED = "/sharded"
_EVERY_COUNT = 8  # devices up to which each number of them is tried
_SHARED = {  # what devices share with profit, by quantity
    "jacobian": ("forward/vmap", "forward/chunked/64", "reverse/vmap", "reverse/chunked/64"),
    "hessian": ("forward_over_reverse/vmap", "forward_over_reverse/chunked/64", "linearize/vmap"),
    "hvp": ("hvp/forward_over_reverse/vmap", "hvp/linearize/vmap"),
    "jmp": ("forward/vmap", "forward/chunked/8"),
    "mjp": ("reverse/vmap", "reverse/chunked/8"),
}
_DEPTHS = ("steps", "depth")
_MAPPED = ("forward/vmap", "forward/chunked/64", "reverse/vmap", "reverse/chunked/64")
_CELL_LIMIT_S = 6.0
PATTERNED = ("colored", "folded")  # each stands for all of its kind
WAYS = (  # of the map of problems, from the left
    *("jax.jacfwd", "jax.jacrev"),
    *("forward/chunked/64", "linearize/vmap", "forward/map"),
    *("reverse/chunked/64", "reverse/map"),
    *PATTERNED,
)
_PROBLEM_LIMIT_S = 12.0
_FEW = 4
_HVPS = 32


@dataclass(frozen=True)
class Range:
    """Something that can grow.

    Attributes:
        name: A knob of the problem, `chunk_size`, `vectors`, or `devices`.
        title: For people.
        sizes: The values that a sweep visits.
    """

    name: str
    title: str
    sizes: tuple[int, ...]


def ranges(spec: Spec, devices: Sequence[str] = ()) -> dict[str, Range]:
    """Return what can grow for a spec, by name: the problem's sizes first.

    Args:
        spec: The settings.
        devices: Names of the devices that there are; empty until they are known.
    """
    found = [Range(each.name, each.title, _row(spec, each)) for each in _sizes(spec)]
    if spec["quantity"] in ("jacobian", "hessian"):
        found.append(Range(_CHUNK, "Chunk size", CHUNK_SIZES))
    if spec["quantity"] in PRODUCTS:
        found.append(Range(_VECTORS, "Number of vectors", VECTORS))
    if len(devices) > 1:
        found.append(Range(DEVICES, "Devices", _counts(len(_alike(devices)))))
    return {each.name: each for each in found}


def chosen_range(spec: Spec, devices: Sequence[str] = ()) -> Range | None:
    """Return what is to grow for a spec: what it names, else the first there is."""
    found = ranges(spec, devices)
    return found.get(spec["grows"]) or next(iter(found.values()), None)


def range_requests(spec: Spec, own: Any = None, devices: Sequence[str] = ()) -> list[Request]:
    """Return the comparisons over `chosen_range`; chunk sizes are all compared in one.

    Args:
        spec: The settings.
        own: The target of one's own function.
        devices: As for `ranges`.
    """
    chosen = chosen_range(spec, devices)
    if chosen is None:
        return []
    if chosen.name == DEVICES:
        return [_shared(spec, own, _alike(devices)[:count]) for count in chosen.sizes]
    if chosen.name == _CHUNK:
        request = compare_request(spec, own)
        options = {**request.job.options, "chunk_sizes": list(CHUNK_SIZES)}
        options["only"] = _chunked(spec["quantity"])
        return [replace(request, job=replace(request.job, options=options))]
    if chosen.name == _VECTORS:
        return [compare_request({**spec, "vectors": size}, own, size=size) for size in chosen.sizes]
    return [
        compare_request({**spec, "knobs": {**spec["knobs"], chosen.name: size}}, size=size)
        for size in chosen.sizes
    ]


def depth_knob(spec: Spec) -> Knob | None:
    """Return the knob of a problem that says how often something is done in turn, if it has one."""
    return next((knob for knob in _sizes(spec) if knob.name in _DEPTHS), None)


def depth_requests(spec: Spec) -> list[Request]:
    """Return the comparisons of single passes over depth, each pass tagged with its name."""
    knob = depth_knob(spec)
    if knob is None:
        return []
    able = "checkpoint" in family(spec["problem"]).knobs
    requests = []
    for size in _row(spec, knob):
        for tag, (quantity, strategy, checkpoint) in ONE_PASS.items():
            if checkpoint not in (None, "nothing") and not able:
                continue
            knobs = {**spec["knobs"], knob.name: size}
            if able:
                knobs["checkpoint"] = checkpoint or "nothing"
            one = {**spec, "quantity": quantity, "vectors": 1, "knobs": knobs}
            requests.append(_only(one, [strategy], size, tag))
    return requests


def map_knobs(spec: Spec) -> tuple[Knob, Knob] | None:
    """Return the two sizes that a map is of, across and up; None where there are not two.

    A depth, which doesn't change the shape of the Jacobian, comes after the others.
    """
    found = sorted(_sizes(spec), key=lambda knob: knob.name in _DEPTHS)[:2]
    return (found[0], found[1]) if len(found) == 2 else None


def map_sizes(spec: Spec) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the values of both sizes of a map."""
    knobs = map_knobs(spec)
    if knobs is None:
        return (), ()
    across, up = (_row(spec, knob)[-MAP_STEPS:] for knob in knobs)
    return across, up


def map_requests(spec: Spec) -> list[Request]:
    """Return the comparisons of a map: Jacobians, `size` counting its cells row by row."""
    knobs = map_knobs(spec)
    if knobs is None:
        return []
    across, up = map_sizes(spec)
    cells = [(x, y) for y in up for x in across]
    return [
        _only(
            {
                **spec,
                "quantity": "jacobian",
                "time_limit": _CELL_LIMIT_S,
                "knobs": {**spec["knobs"], knobs[0].name: x, knobs[1].name: y},
            },
            _MAPPED,
            place,
        )
        for place, (x, y) in enumerate(cells)
    ]


def problem_requests(spec: Spec) -> list[Request]:
    """Return a comparison of `WAYS` for each problem of the gallery, `size` counting them.

    Each problem has the sizes at which its times tell something; limits and device are the spec's.
    """
    return [_only(each, WAYS, place) for place, each in enumerate(problem_specs(spec))]


def problem_specs(spec: Spec) -> list[Spec]:
    """Return the spec of each problem of the map of problems, from the top."""
    kept = {name: spec[name] for name in ("device", "memory_limit")}
    kept["time_limit"] = _PROBLEM_LIMIT_S
    return [
        Experiment(problem=each.name, knobs=dict(each.telling), **kept).spec()
        for each in families()
    ]


def _only(spec: Spec, strategies: Sequence[str], size: int, tag: str = "") -> Request:
    """Return a comparison of these strategies alone."""
    request = compare_request(spec, size=size)
    options = {**request.job.options, "only": list(strategies)}
    return replace(request, job=replace(request.job, options=options), tag=tag)


def _shared(spec: Spec, own: Any, devices: Sequence[str]) -> Request:
    """Return the comparison of what these devices share; of one device, of the same alone."""
    several = len(devices) > 1
    names = [f"{name}{SHARED if several else ''}" for name in _SHARED[spec["quantity"]]]
    if spec["quantity"] == "hvp":  # one vector can't be shared
        spec = {**spec, "vectors": max(spec["vectors"] or 1, _HVPS)}
    request = compare_request({**spec, "device": ",".join(devices)}, own, size=len(devices))
    options = {**request.job.options, "only": names}
    return replace(request, job=replace(request.job, options=options))


def _alike(devices: Sequence[str]) -> list[str]:
    """Return the devices of the first one's platform."""
    platform = devices[0].partition(":")[0]
    return [each for each in devices if each.partition(":")[0] == platform]


def _counts(count: int) -> tuple[int, ...]:
    if count <= _EVERY_COUNT:
        return tuple(range(1, count + 1))
    powers = [2**power for power in range(count.bit_length()) if 2**power < count]
    return (*powers, count)


def _chunked(quantity: str) -> list[str]:
    """Name the chunked strategies of a quantity at `CHUNK_SIZES`."""
    heads = ("forward", "reverse") if quantity == "jacobian" else ("forward_over_reverse",)
    return [f"{head}/chunked/{size}" for head in heads for size in CHUNK_SIZES]


def _sizes(spec: Spec) -> list[Knob]:
    if spec["problem"] == OWN:
        return []
    return [knob for knob in family(spec["problem"]).sizes if not knob.choices]


def _row(spec: Spec, knob: Knob) -> tuple[int, ...]:
    """Return a geometric row of a knob's values, a finer one where the knob is small."""
    top = family(spec["problem"]).sweep_end(knob.name)
    for sizes in (
        sweep_sizes(knob, top),
        sweep_sizes(knob, top, ratio=2),
        sweep_sizes(knob, 2**_FEW, ratio=2),
    ):
        if len(sizes) >= _FEW:
            return tuple(sizes)
    return tuple(sweep_sizes(knob, top))
