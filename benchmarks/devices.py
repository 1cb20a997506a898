"""Jacobians that devices share: bytes of each by prediction, and time of two against one.

    python benchmarks/devices.py [--side 4096] [--width 2048] [--rounds 15] [--parts bytes time]

`bytes`: what XLA predicts that each of 1 to 8 devices takes, temporaries and output, for a Jacobian
of side × side in every mode; times the number of devices it is to be that of one, ±20 %. By chunks
the result falls so, and a chunk, which is as large on each device, does not: it is not judged.

`time`: a Jacobian of a network, which is all matrix products, on one device that has one core, and
on two that have two. Two processes, pinned before JAX starts, are asked for a call in turns, in
random order; each has a device, or two, of its CPU. Two are to take at most 0.65 times as long.

Exits 1 where either falls short. Two devices can't be faster where others have the second core: how
much others had meanwhile is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

import psutil

FLAG = "--xla_force_host_platform_device_count"
COUNTS = (1, 2, 4, 8)
WAYS = (
    ("forward", "vmap", None),
    ("forward", "chunked", 64),
    ("linearize", "vmap", None),
    ("reverse", "vmap", None),
    ("reverse", "chunked", 64),
)
TOLERANCE, MOST, BUSY = 0.2, 0.65, 0.1


def child(devices: int, *arguments: str, cores: int | None = None) -> subprocess.Popen[str]:
    """Start this script as a part of itself, with so many devices, on so many cores."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} {FLAG}={devices}".strip()
    command = [sys.executable, __file__, *arguments]
    if cores is not None:
        command += ["--pin", ",".join(map(str, sorted(os.sched_getaffinity(0))[:cores]))]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags},
    )


def network(width: int) -> tuple[Any, Any]:
    """Return three layers of tanh and a point: all of the work is in matrix products."""
    import jax
    import jax.numpy as jnp

    keys = jax.random.split(jax.random.key(0), 3)
    layers = [jax.random.normal(key, (width, width)) / width**0.5 for key in keys]

    def f(x: Any) -> Any:
        for layer in layers:
            x = jnp.tanh(layer @ x)
        return x

    return f, jnp.linspace(-1.0, 1.0, width)


def answer_calls(width: int) -> None:
    """Compile the Jacobian, check it, and take the seconds of a call for each line that comes."""
    import jax
    import numpy as np

    import jacoscope as jsc

    f, x = network(width)
    where = "all" if jax.device_count() > 1 else None
    jacobian = jax.jit(lambda x: jsc.jacobian(f, x, "forward", "vmap", device=where))
    made = jax.block_until_ready(jacobian(x))
    expected = np.asarray(jax.jit(jax.jacrev(f))(x))
    error = float(np.abs(np.asarray(made) - expected).max() / np.abs(expected).max())
    told = {"devices": len(made.sharding.device_set), "error": error}
    print(json.dumps(told), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        jax.block_until_ready(jacobian(x))
        print(time.perf_counter() - start, flush=True)


def predict(side: int) -> None:
    """Print what each of several devices takes for a Jacobian of side × side."""
    import jax
    import jax.numpy as jnp

    import jacoscope as jsc

    matrix = jax.random.normal(jax.random.key(0), (side, side))
    x = jnp.ones(side)
    for mode, batching, chunk in WAYS:
        for devices in COUNTS:
            where: Any = f"cpu:0-{devices - 1}" if devices > 1 else None
            ours = jax.jit(
                lambda matrix, x, how=(mode, batching, chunk), where=where: jsc.jacobian(
                    lambda x: jnp.sin(matrix @ x), x, *how, device=where
                )
            )
            stats: Any = ours.lower(matrix, x).compile().memory_analysis()
            needed = stats.temp_size_in_bytes + stats.output_size_in_bytes
            name = "/".join(str(each) for each in (mode, batching, chunk) if each)
            print(json.dumps([name, devices, needed]), flush=True)


def compare_bytes(side: int) -> bool:
    """Print the table of bytes; return whether all are as they should be."""
    script = child(8, "--predict", str(side))
    text, _ = script.communicate()
    needs = {(name, devices): each for name, devices, each in map(json.loads, text.splitlines())}
    print(f"Temporaries and output of each device, in MB: a Jacobian of {side} × {side}, float32\n")
    print(f"{'strategy':22}" + "".join(f"{f'{count} devices':>12}" for count in COUNTS) + "   × 8")
    fine = script.returncode == 0
    for name in dict.fromkeys(name for name, _ in needs):
        row = [needs[name, count] for count in COUNTS]
        ratios = [need * count / row[0] for need, count in zip(row, COUNTS, strict=True)]
        within = max(abs(ratio - 1) for ratio in ratios) <= TOLERANCE
        figures = "".join(f"{need / 1e6:12.2f}" for need in row)
        if "chunked" in name:
            remark = "  a chunk is as large on each"
        else:
            fine = fine and within
            remark = "" if within else "  FALLS SHORT"
        print(f"{name:22}{figures}{ratios[-1]:6.2f}{remark}")
    return fine


def compare_times(width: int, rounds: int) -> bool:
    """Print the times of one device and of two; return whether two are fast enough."""
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        print("\nTime: needs two cores that a process can be pinned to (Linux).")
        return False
    scripts = {count: child(count, "--answer", str(width), cores=count) for count in (1, 2)}
    try:
        for count, script in scripts.items():
            told = json.loads(ask(script, ""))
            assert told["devices"] == count, told
            print(f"\n{count} device(s), {count} core(s): error {told['error']:.1e}", end="")
        seconds: dict[int, list[float]] = {count: [] for count in scripts}
        begun, busy, own = time.perf_counter(), busy_s(), own_s(scripts.values())
        shuffle = random.Random(0)
        for turn in range(rounds + 1):
            for count in shuffle.sample(list(scripts), len(scripts)):
                taken = float(ask(scripts[count], "call\n"))
                if turn:  # the first is to warm it
                    seconds[count].append(taken)
        others = busy_s() - busy - (own_s(scripts.values()) - own)
        cores = others / (time.perf_counter() - begun)
    finally:
        for script in scripts.values():
            script.kill()
    middle = {count: statistics.median(each) for count, each in seconds.items()}
    lower = {count: statistics.quantiles(each, n=4)[0] for count, each in seconds.items()}
    print(f"\nJacobian of {width} × {width}, three layers, {rounds} calls of each in turns:\n")
    for count in scripts:
        print(f"{count} device(s): median {middle[count]:.4f} s, quartile {lower[count]:.4f} s")
    ratio = middle[2] / middle[1]
    print(f"two against one: {ratio:.2f} by the median, {lower[2] / lower[1]:.2f} by the quartile")
    print(f"meanwhile others had {cores:.1f} cores{', so that this says little' * (cores > BUSY)}")
    return ratio <= MOST


def busy_s() -> float:
    """Return the seconds that this machine's processors have worked."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0)


def own_s(scripts: Iterable[subprocess.Popen[str]]) -> float:
    """Return the seconds that these processes have had."""
    return sum(sum(psutil.Process(each.pid).cpu_times()[:2]) for each in scripts)


def ask(script: subprocess.Popen[str], line: str) -> str:
    assert script.stdin is not None
    assert script.stdout is not None
    script.stdin.write(line)
    script.stdin.flush()
    return script.stdout.readline()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--parts", nargs="+", choices=["bytes", "time"], default=["bytes", "time"])
    for hidden in ("--predict", "--answer"):
        parser.add_argument(hidden, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--pin", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.pin:
        os.sched_setaffinity(0, {int(core) for core in args.pin.split(",")})
    if args.predict:
        predict(args.predict)
        return 0
    if args.answer:
        answer_calls(args.answer)
        return 0
    print(f"{psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    good = compare_bytes(args.side) if "bytes" in args.parts else True
    if "time" in args.parts:
        good = compare_times(args.width, args.rounds) and good
        print(f"load {os.getloadavg()[0]:.1f} at the end")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
