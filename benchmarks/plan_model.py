"""What a sharded Jacobian costs, as a few numbers, fitted by least squares; and what they predict.

    time   = call + dispatch · (devices of a process − 1) + wait · log₂(processes)
             + (alone + beside) · FLOPs / cores
    bytes  = chunk · (bytes of a chunk's vectors) + share · (bytes of the matrix) / devices
    gather = latency · log₂(processes) + bytes · (1 − 1/processes) / bandwidth
             + crowd where there are more processes than cores

Cores are those that have a device to work for, here at most two; `beside`, in seconds a FLOP,
counts where more than one device is at work, as they share caches and memory. Bytes are those on
each device, beside the point and what `f` holds. Residuals count in relation to what was measured,
so that the fast runs weigh as much as the slow ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CORES = 2  # that processes were given, at most


@dataclass(frozen=True)
class Fit:
    """Coefficients of a linear model, and how far off it is.

    Attributes:
        values: By name.
        residuals: Predicted over measured, less one, of each sample.
    """

    values: dict[str, float]
    residuals: list[float]

    @property
    def typical(self) -> float:
        """The root mean square of the residuals."""
        return float(np.sqrt(np.mean(np.square(self.residuals))))


def fitted(names: Sequence[str], features: Any, measured: Sequence[float]) -> Fit:
    """Fit `features @ values = measured`, no value below zero, by relative least squares.

    A value that comes out below zero is left out, and the others are fitted again.

    Args:
        names: Of the columns.
        features: `(samples, columns)`.
        measured: One a sample, above zero.
    """
    matrix, target = np.asarray(features, float), np.asarray(measured, float)
    kept = list(range(len(names)))
    weighted = matrix / target[:, None]
    while True:
        scale = np.linalg.norm(weighted[:, kept], axis=0)
        found = np.linalg.lstsq(weighted[:, kept] / scale, np.ones(len(target)), rcond=None)[0]
        found = found / scale
        if found.min() >= 0 or len(kept) == 1:
            break
        del kept[int(np.argmin(found * scale))]
    values = dict.fromkeys(names, 0.0) | {
        names[i]: float(v) for i, v in zip(kept, found, strict=True)
    }
    predicted = matrix @ np.array([values[name] for name in names])
    return Fit(values, [float(each) for each in predicted / target - 1])


def quickest(samples: Sequence[dict[str, Any]], *but: str) -> list[dict[str, Any]]:
    """Return of alike samples the one that took the fewest seconds.

    Args:
        samples: What was measured, in several rounds.
        *but: What may differ between samples that are alike, beside the seconds.
    """
    found: dict[Any, dict[str, Any]] = {}
    for each in samples:
        key = tuple((name, each[name]) for name in each if name not in ("seconds", *but))
        if key not in found or each["seconds"] < found[key]["seconds"]:
            found[key] = each
    return list(found.values())


def fit_time(samples: Sequence[dict[str, Any]]) -> Fit:
    """Fit seconds a call to samples with devices a process, processes, cores, and FLOPs."""
    features = []
    for each in samples:
        devices = each["devices"] * each["processes"]
        busy = each["flops"] / min(each["cores"], devices)
        wait = math.log2(each["processes"])
        features.append([1.0, each["devices"] - 1.0, wait, busy, busy * (devices > 1)])
    names = ("call_s", "dispatch_s", "wait_s", "alone_s", "beside_s")
    return fitted(names, features, [each["seconds"] for each in samples])


def fit_bytes(samples: Sequence[dict[str, Any]]) -> Fit:
    """Fit the bytes on each device to samples with devices, and bytes of chunk and matrix."""
    features = [[each["chunk_bytes"], each["matrix_bytes"] / each["devices"]] for each in samples]
    return fitted(("chunk", "share"), features, [each["bytes"] for each in samples])


def fit_gather(samples: Sequence[dict[str, Any]], steps: Callable[[int], float] = math.log2) -> Fit:
    """Fit seconds of a gather to samples with the number of processes and bytes of the whole.

    Args:
        samples: What was measured.
        steps: From the number of processes to how often the latency counts.
    """
    features = gather_features(samples, steps)
    names = ("latency_s", "s_per_byte", "crowd_s")
    return fitted(names, features, [each["seconds"] for each in samples])


def gather_features(
    samples: Sequence[dict[str, Any]], steps: Callable[[int], float] = math.log2
) -> list[list[float]]:
    """Return how often the latency of a gather counts, the bytes to a process, and the crowd."""
    return [
        [
            steps(each["processes"]),
            each["bytes"] * (1 - 1 / each["processes"]),
            float(each["processes"] > CORES),
        ]
        for each in samples
    ]


@dataclass(frozen=True)
class Job:
    """A Jacobian to be planned.

    Attributes:
        passes: Columns or rows, one pass each.
        flops: Of all passes.
        matrix_bytes: Of the whole.
        chunk_bytes: Of the vectors that go into a chunk of passes, and of those that come out.
        kept_bytes: What every device has whatever their number: the point, and what `f` holds.
    """

    passes: int
    flops: float
    matrix_bytes: float
    chunk_bytes: float
    kept_bytes: float


@dataclass(frozen=True)
class Network:
    """What joins the hosts: an assumption, not a measurement."""

    name: str
    latency_s: float
    bytes_per_s: float


@dataclass(frozen=True)
class Plan:
    """What is predicted for a job on so many devices.

    Attributes:
        devices: How many.
        compute_s: Passes of the busiest device, beside others.
        overhead_s: The call, handing the work to each device of a host, and waiting for hosts.
        efficiency: Of the ideal, what one device alone would take, shared evenly.
        gather_s: By network, what it takes on top until every host has the whole.
        kept_bytes: On each device, whatever their number.
        sharded_bytes: On each device, each keeping its part.
        gathered_bytes: On each device, each keeping the whole.
    """

    devices: int
    compute_s: float
    overhead_s: float
    efficiency: float
    gather_s: dict[str, float]
    kept_bytes: float
    sharded_bytes: float
    gathered_bytes: float

    @property
    def seconds(self) -> float:
        """Of one Jacobian, each device keeping its part."""
        return self.compute_s + self.overhead_s


def predict(
    job: Job,
    devices: int,
    time: Fit,
    memory: Fit,
    networks: Sequence[Network],
    *,
    devices_a_host: int,
    speed: float = 1.0,
) -> Plan:
    """Predict a job from the fits.

    Args:
        job: What is to be computed.
        devices: On how many devices.
        time: From `fit_time`.
        memory: From `fit_bytes`.
        networks: What may join the hosts.
        devices_a_host: One process on each host.
        speed: How much faster a device is than a core here.
    """
    one = job.flops * time.values["alone_s"] / speed
    slower = 1 + time.values["beside_s"] / time.values["alone_s"] if devices > 1 else 1.0
    busiest = -(-job.passes // devices) / job.passes
    hosts = -(-devices // devices_a_host)
    overhead = time.values["call_s"] + time.values["wait_s"] * math.log2(hosts)
    overhead += time.values["dispatch_s"] * (min(devices, devices_a_host) - 1)
    kept = job.kept_bytes + memory.values["chunk"] * job.chunk_bytes
    share = memory.values["share"] * job.matrix_bytes * busiest
    compute = one * slower * busiest
    return Plan(
        devices=devices,
        compute_s=compute,
        overhead_s=overhead,
        efficiency=one / devices / (compute + overhead),
        gather_s={
            each.name: each.latency_s * math.log2(hosts)
            + job.matrix_bytes * (1 - 1 / hosts) / each.bytes_per_s
            for each in networks
        },
        kept_bytes=kept,
        sharded_bytes=kept + share,
        gathered_bytes=kept + share + job.matrix_bytes,
    )
