"""The tables of `docs/plan.md`: the fits, what they predict, and what breaks first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jacoscope._units import format_bytes, format_rate, format_seconds, three_digits
from plan_model import (
    Fit,
    Job,
    Network,
    Plan,
    fit_bytes,
    fit_gather,
    fit_time,
    gather_features,
    predict,
    quickest,
)

FITS = ("time", "bytes", "gather")
FRESH_BYTES = 2**25  # from here on, each result waits for the system's pages, whoever sends it
SIZE, WIDTH, LAYERS, CHUNK = 65_536, 4_096, 4, 64
HOST = 8  # devices of one process
COUNTS = (8, 32, 128, 512, 2048, 4096)
FINE = tuple(2**power for power in range(13))
SPEEDS = (1.0, 100.0)
NETWORKS = (
    Network("10 Gbit/s, 50 µs", 50e-6, 1.25e9),
    Network("100 Gbit/s, 10 µs", 10e-6, 12.5e9),
    Network("400 Gbit/s, 5 µs", 5e-6, 50e9),
)


def flops_of(passes: int, outputs: int, width: int, layers: int) -> float:
    """Return the FLOPs of the matrix products in all columns of a network's Jacobian."""
    return 2.0 * passes * (passes * width + layers * width**2 + width * outputs)


def job() -> Job:
    """Return the Jacobian that is planned: that of the network measured, eight times as wide."""
    weights = 2 * SIZE * WIDTH + LAYERS * WIDTH**2
    return Job(
        passes=SIZE,
        flops=flops_of(SIZE, SIZE, WIDTH, LAYERS),
        matrix_bytes=4.0 * SIZE * SIZE,
        chunk_bytes=4.0 * CHUNK * 2 * SIZE,
        kept_bytes=4.0 * (weights + SIZE),
    )


def fits(found: dict[str, Any]) -> tuple[Fit, Fit, Fit]:
    """Fit time, bytes and gather to what was measured."""
    time = quickest(found["time"], "compile_s")
    return fit_time(time), fit_bytes(found["bytes"]), fit_gather(_gathers(found))


def _gathers(found: dict[str, Any], *, fresh: bool = False) -> list[dict[str, Any]]:
    """List the gathers that are fitted, or those of results so large that they are not."""
    samples = quickest(found["gather"])
    return [each for each in samples if (each["bytes"] >= FRESH_BYTES) == fresh]


def plans(found: dict[str, Any], counts: Sequence[int], speed: float) -> list[Plan]:
    """Predict the job on each number of devices."""
    time, memory, _ = fits(found)
    return [
        predict(job(), count, time, memory, NETWORKS, devices_a_host=HOST, speed=speed)
        for count in counts
    ]


def told(found: dict[str, Any]) -> str:
    """Return all tables in Markdown."""
    parts = [_about(found), _fitted(found), "## What is predicted", _planned()]
    for speed in SPEEDS:
        parts += [_heading(speed), _predicted(found, speed), _broken(found, speed)]
    return "\n\n".join(parts)


def _about(found: dict[str, Any]) -> str:
    load = ", ".join(f"{each:g}" for each in found["load"])
    starts = ", ".join(
        f"{format_seconds(seconds)} for {count}"
        for count, seconds in found["init_s"].items()
        if count != "1"
    )
    compiles = [each["compile_s"] for each in found["time"]]
    span = f"{format_seconds(min(compiles))} to {format_seconds(max(compiles))}"
    return (
        f"Measured on {found['machine']}, JAX {found['jax']}; load averages"
        f" meanwhile {load}. Joining the processes took {starts}; tracing and compiling {span}."
    )


def _fitted(found: dict[str, Any]) -> str:
    time, memory, gather = fits(found)
    ring = fit_gather(_gathers(found), steps=lambda processes: processes - 1)
    fresh = _gathers(found, fresh=True)
    alone = time.values["alone_s"]
    rows = [
        ("a call", format_seconds(time.values["call_s"]), time),
        ("each further device of a process", format_seconds(time.values["dispatch_s"]), time),
        ("a wait for twice as many processes", format_seconds(time.values["wait_s"]), time),
        ("a device alone on a core", format_rate(1 / alone), time),
        ("a device beside others", format_rate(1 / (alone + time.values["beside_s"])), time),
        ("vectors of a chunk", f"{three_digits(memory.values['chunk'])} times", memory),
        ("a device's share", f"{three_digits(memory.values['share'])} times", memory),
        ("a step of a gather", format_seconds(gather.values["latency_s"]), gather),
        ("more processes than cores", format_seconds(gather.values["crowd_s"]), gather),
        ("its bandwidth", f"{format_bytes(1 / gather.values['s_per_byte'])}/s", gather),
    ]
    lines = [
        "| | fitted | samples | off by, typically | at most |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {value} | {len(fit.residuals)} | {_percent(fit.typical)} |"
        f" {_percent(max(map(abs, fit.residuals)))} |"
        for name, value, fit in rows
    ]
    beyond = max(each["seconds"] / _gathered(each, gather) for each in fresh)
    note = (
        f"With processes − 1 in place of log₂ the gather is off by {_percent(ring.typical)}."
        f" Not fitted: {format_bytes(fresh[0]['bytes'])} take up to {three_digits(beyond)} times"
        " what the fit says, as each result of that size waits for pages of memory."
    )
    return "\n".join(lines) + f"\n\n{note}"


def _gathered(sample: dict[str, Any], fit: Fit) -> float:
    (row,) = gather_features([sample])
    return sum(factor * value for factor, value in zip(row, fit.values.values(), strict=True))


def _planned() -> str:
    planned = job()
    return (
        f"The Jacobian of a network from {SIZE:,} numbers to as many, with {LAYERS} further"
        f" products {WIDTH:,} wide between: {planned.passes:,} passes in chunks of {CHUNK},"
        f" {planned.flops / 1e12:.3g} TFLOP, {format_bytes(planned.matrix_bytes)} in float32."
        f" Its weights and point are {format_bytes(planned.kept_bytes)}. A host has {HOST} devices"
        " and one process."
    )


def _heading(speed: float) -> str:
    much = "as fast as a core here" if speed == 1 else f"{speed:g} times as fast as a core here"
    return f"### Each device {much}"


def _predicted(found: dict[str, Any], speed: float) -> str:
    heads = ("devices", "compute", "call", "efficiency", "bytes on each", "all of it on each")
    names = [f"gather: {network.name}" for network in NETWORKS]
    lines = [f"| {' | '.join((*heads, *names))} |", "| --- " * (len(heads) + len(names)) + "|"]
    for each in plans(found, COUNTS, speed):
        cells = (
            f"{each.devices:,}",
            format_seconds(each.compute_s),
            format_seconds(each.overhead_s),
            _percent(each.efficiency),
            format_bytes(each.sharded_bytes),
            format_bytes(each.gathered_bytes),
            *(format_seconds(seconds) if seconds else "–" for seconds in each.gather_s.values()),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _broken(found: dict[str, Any], speed: float) -> str:
    fine = plans(found, FINE, speed)
    lines = [
        _first(
            f"gathering over {network.name} takes longer than computing",
            fine,
            lambda each, name=network.name: each.gather_s[name] > each.seconds,
        )
        for network in NETWORKS
    ]
    lines += [
        _first(
            "more than half of a device's bytes are what every device has",
            fine,
            lambda each: each.kept_bytes > each.sharded_bytes / 2,
        ),
        _first(
            f"a device has fewer passes than a chunk of {CHUNK}",
            fine,
            lambda each: job().passes / each.devices < CHUNK,
        ),
        _first(
            "the call takes longer than computing",
            fine,
            lambda each: each.overhead_s > each.compute_s,
        ),
    ]
    return "\n".join(lines)


def _first(what: str, fine: Sequence[Plan], holds: Callable[[Plan], bool]) -> str:
    count = next((each.devices for each in fine if holds(each)), None)
    where = (
        f"not up to {fine[-1].devices:,} devices" if count is None else f"from {count:,} devices on"
    )
    return f"- {where}: {what}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"
