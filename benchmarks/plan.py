"""What a sharded Jacobian would cost past this machine, predicted from what it costs on it.

    python benchmarks/plan.py [--json FILE] [--from FILE] [--page FILE] [--rounds 3]

`jacobian(f, x, device=mesh)` is timed on 1, 2, 4 and 8 virtual devices of one process, on one core
and on all of them, and on 1, 2 and 4 processes of one core each that `jax.distributed` joins (Gloo,
over loopback); so is gathering an array that lies over the processes. The bytes on each device are
XLA's. `plan_model.py` is fitted to that by least squares, and gives the tables that
`--page docs/plan.md` writes anew from what `--json docs/plan.json` keeps. `--from` reads that in
place of measuring, or with `--rounds` adds to it; of all rounds the quickest counts. Exits 1 where
a fit is off by more than a third on the whole, as then nothing can be read from it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from plan_model import CORES
from plan_tables import CHUNK, FITS, LAYERS, fits, flops_of, told

DEVICES = (1, 2, 4, 8)
PROCESSES = (1, 2, 4)
SIZES = ((64, 8), (1024, 512), (2048, 512), (4096, 512))  # columns; width and rows
TINY = 64  # columns of the one that is nothing but the call
GATHERED = (2**12, 2**20, 2**22, 2**24, 2**25)  # bytes
SAMPLES, LONGEST_S = 15, 2.0
OFF = 1 / 3
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"


def function(passes: int, width: int) -> tuple[Any, Any]:
    """Return a network with a dense Jacobian `(width, passes)` in float32, and a point."""
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.default_rng(0)
    shapes = [(width, passes), *[(width, width)] * (LAYERS + 1)]
    weights = [jnp.asarray(rng.standard_normal(s) / s[1] ** 0.5, jnp.float32) for s in shapes]

    def f(x: Any) -> Any:
        for weight in weights:
            x = jnp.tanh(weight @ x)
        return x

    return f, np.linspace(-1, 1, passes, dtype=np.float32)


def measure(processes: int, cores: int) -> dict[str, Any]:
    """Time the Jacobian on all devices that there are, and gathering where it is worth it."""
    import jax
    import numpy as np
    from jax.experimental import multihost_utils
    from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

    import jacoscope as jsc

    devices = jax.devices()
    mesh = Mesh(np.array(devices), ("devices",), axis_types=(AxisType.Auto,))
    split, copied = (NamedSharding(mesh, PartitionSpec(*names)) for names in (("devices",), ()))

    def together() -> None:
        if processes > 1:
            multihost_utils.sync_global_devices("sample")

    def seconds(call: Any, value: Any) -> float:
        for _ in range(2):
            jax.block_until_ready(call(value))
        samples: list[float] = []
        for _ in range(SAMPLES):
            together()
            start = time.perf_counter()
            jax.block_until_ready(call(value))
            samples.append(time.perf_counter() - start)
            if processes == 1 and sum(samples) > LONGEST_S and len(samples) > 4:
                break
        return statistics.quantiles(samples, n=4)[0]

    found: dict[str, Any] = {"time": [], "bytes": [], "gather": []}
    for passes, width in SIZES:
        f, x = function(passes, width)
        point = jax.device_put(x, copied)
        chunk = CHUNK if passes > TINY else None
        way = ("forward", "chunked" if chunk else "vmap", chunk)
        program = jax.jit(lambda x, f=f, way=way: jsc.jacobian(f, x, *way, device=mesh))
        began = time.perf_counter()
        compiled = program.lower(point).compile()
        sample = {
            "passes": passes,
            "processes": processes,
            "devices": len(devices) // processes,
            "cores": cores,
            "flops": flops_of(passes, width, width, LAYERS),
            "compile_s": time.perf_counter() - began,
        }
        found["time"].append({**sample, "seconds": seconds(compiled, point)})
        if passes > TINY:
            stats = compiled.memory_analysis()
            assert stats is not None
            taken = stats.output_size_in_bytes + stats.temp_size_in_bytes
            sizes = {
                "matrix_bytes": 4 * passes * width,
                "chunk_bytes": 4 * CHUNK * (passes + width),
            }
            found["bytes"].append({"devices": len(devices), "bytes": taken, **sizes})
    for size in GATHERED if processes > 1 else ():
        array = jax.device_put(np.ones(size // 4, np.float32), split)
        gather = jax.jit(lambda a: a, out_shardings=copied)
        taken = seconds(gather, array)
        found["gather"].append({"processes": processes, "bytes": size, "seconds": taken})
    return found


def child(args: argparse.Namespace) -> int:
    """Measure as one of `--processes`, on the cores that it is given."""
    os.sched_setaffinity(0, {int(each) for each in args.cores.split(",")})
    import jax

    init_s = 0.0
    if args.processes > 1:
        began = time.perf_counter()
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(f"127.0.0.1:{args.port}", args.processes, args.rank)
        init_s = time.perf_counter() - began
    print(json.dumps({**measure(args.processes, args.busy), "init_s": init_s}))
    return 0


def run(processes: int, devices: int, cores: list[list[int]]) -> dict[str, Any]:
    """Measure in new processes; of the times of several the longest counts.

    Args:
        processes: How many.
        devices: Of each.
        cores: Of each.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    busy = len({core for each in cores for core in each})
    flags = f"--xla_force_host_platform_device_count={devices}"
    jobs = [
        subprocess.Popen(
            [
                sys.executable,
                __file__,
                "--rank",
                str(rank),
                f"--processes={processes}",
                f"--port={port}",
                f"--busy={busy}",
                f"--cores={','.join(map(str, cores[rank]))}",
            ],
            env={**os.environ, "XLA_FLAGS": flags, "JACOSCOPE_CACHE": ""},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(processes)
    ]
    outputs = [job.communicate()[0] for job in jobs]
    if any(job.returncode for job in jobs):
        raise SystemExit(f"{processes} processes with {devices} devices each failed.")
    each = [json.loads(output.splitlines()[-1]) for output in outputs]
    first = each[0]
    for name in ("time", "gather"):
        for place, sample in enumerate(first[name]):
            sample["seconds"] = max(other[name][place]["seconds"] for other in each)
    first["init_s"] = max(other["init_s"] for other in each)
    return first


def nothing() -> dict[str, Any]:
    """Return what is known before anything is measured."""
    cores = len(os.sched_getaffinity(0))
    about = {"machine": f"{platform.machine()}, {cores} cores", "jax": version("jax")}
    return {**about, "load": [], "init_s": {}, "time": [], "bytes": [], "gather": []}


def measure_more(found: dict[str, Any], rounds: int) -> None:
    """Measure everything so many times more, in turns, each time in new processes."""
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    for _ in range(rounds):
        found["load"].append(round(os.getloadavg()[0], 1))
        runs = [(1, count, [part]) for count in DEVICES for part in ([cores[0]], cores)]
        runs += [
            (count, 1, [[cores[i % len(cores)]] for i in range(count)]) for count in PROCESSES[1:]
        ]
        for processes, devices, parts in runs:
            got = run(processes, devices, parts)
            found["time"] += got["time"]
            found["gather"] += got["gather"]
            if processes == 1 and len(parts[0]) == 1:
                found["bytes"] += [each for each in got["bytes"] if each not in found["bytes"]]
            least = min(got["init_s"], found["init_s"].get(str(processes), got["init_s"]))
            found["init_s"][str(processes)] = round(least, 3)
            print(f"  {processes} × {devices} on {parts}", file=sys.stderr, flush=True)


def written(found: dict[str, Any]) -> str:
    """Return what was measured as JSON, a sample a line."""
    parts = []
    for name, value in found.items():
        lines = ",\n  ".join(json.dumps(each) for each in value) if isinstance(value, list) else ""
        parts.append(f' "{name}": ' + (f"[\n  {lines}\n ]" if lines else json.dumps(value)))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, help="where to keep what was measured")
    parser.add_argument("--from", type=Path, dest="kept", help="what was measured before")
    parser.add_argument("--page", type=Path, help="whose tables are to be written anew")
    parser.add_argument("--rounds", type=int, help="3; with --from 0, or so many more")
    for name in ("rank", "processes", "port", "busy"):
        parser.add_argument(f"--{name}", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--cores", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.rank is not None:
        return child(args)
    found = json.loads(args.kept.read_text()) if args.kept else nothing()
    measure_more(found, (0 if args.kept else 3) if args.rounds is None else args.rounds)
    if args.json:
        args.json.write_text(written(found))
    print(told(found))
    if args.page:
        before, _, rest = args.page.read_text().partition(BEGIN)
        args.page.write_text(f"{before}{BEGIN}\n{told(found)}\n{END}{rest.partition(END)[2]}")
    off = {name: fit.typical for name, fit in zip(FITS, fits(found), strict=True)}
    for name, typical in off.items():
        if typical > OFF:
            print(f"FALLS SHORT  the fit of {name} is off by {typical:.0%}")
    return 1 if max(off.values()) > OFF else 0


if __name__ == "__main__":
    sys.exit(main())
