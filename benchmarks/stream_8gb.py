"""A Jacobian of 8.6 GB written to disk by a process that may take 2 GB, which is killed on the way.

    python benchmarks/stream_8gb.py [--out FOLDER] [--limit 2GB] [--rows M] [--columns N]

Linux only: each part is a process of its own, whose address space (RLIMIT_AS, which counts what
is mapped and so is stricter than what is resident) is limited before JAX is imported.
`jacobian_chunks` goes block by block into a Zarr array without compression; the process is ended by
SIGKILL in the middle, and another goes on from the chunks that are there. A third one, which may
take twice as much, reads all of it back: random rows against `jax.vjp`, random columns against
`jax.jvp`, and the whole times a random vector.

That the limit binds is shown by two controls: `jax.jacrev` of the same function under the same
limit fails at full size, and works at a size that fits. Exits 1 where anything falls short.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS, COLUMNS = 32_768, 65_536
RANK = 64
SAMPLES = 16
CLOSE = 1e-4  # relative to the largest entry, in float32
SHARE = 0.25  # of the limit, for what is predicted; JAX itself maps most of a GB
PARTS = ("write", "check", "whole")


def function(rows: int, columns: int) -> tuple[Any, Any]:
    """Return a function with a dense Jacobian `(rows, columns)` in float32, and a point."""
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.default_rng(0)
    inner = jnp.asarray(rng.standard_normal((RANK, columns)) / columns**0.5, jnp.float32)
    outer = jnp.asarray(rng.standard_normal((rows, RANK)) / RANK**0.5, jnp.float32)

    def f(x: Any) -> Any:
        return jnp.tanh(outer @ jnp.sin(inner @ x) + jnp.resize(x, (rows,)) ** 2 / 10)

    return f, jnp.asarray(rng.standard_normal(columns), jnp.float32)


def write(path: str, rows: int, columns: int, limit: int) -> dict[str, Any]:
    """Write the blocks that are not there yet, and say of each that it is there."""
    import numpy as np
    import zarr
    from zarr.codecs import BytesCodec

    import jacoscope as jsc

    f, x = function(rows, columns)
    chunks = jsc.jacobian_chunks(f, x, mode="reverse", memory_limit=int(SHARE * limit))
    with zarr.config.set({"array.write_empty_chunks": True}):
        array = zarr.open_array(
            path,
            mode="a",
            shape=chunks.shape,
            chunks=chunks.block_shape,
            dtype=chunks.dtype,
            codecs=[BytesCodec()],  # no compression
        )
    assert array.chunks == chunks.block_shape
    done = max(array.nchunks_initialized - 1, 0)
    told(blocks=len(chunks), first=done, chunk=chunks.chunk_size, needs=chunks.predicted_bytes)
    for count, (slices, values) in enumerate(chunks[done:], done + 1):
        array[slices] = np.asarray(values)
        told(written=count)
    return {"peak": peak("self")}


def check(path: str, rows: int, columns: int, limit: int) -> dict[str, Any]:  # noqa: ARG001 (steps are called alike)
    """Compare what is on disk with JAX's products; the errors are relative to the largest entry."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    import zarr

    f, x = function(rows, columns)
    array = zarr.open_array(path, mode="r")
    rng = np.random.default_rng(1)
    some_rows = sorted(map(int, rng.choice(rows, min(SAMPLES, rows), replace=False)))
    some_columns = sorted(map(int, rng.choice(columns, min(SAMPLES, columns), replace=False)))
    vector = rng.standard_normal(columns).astype(np.float32)
    on_disk = {"rows": [], "columns": [], "product": []}
    step, largest = array.chunks[0], 0.0
    for start in range(0, rows, step):
        block = np.asarray(array[start : start + step])
        largest = max(largest, float(np.abs(block).max()))
        on_disk["rows"] += [block[i - start] for i in some_rows if start <= i < start + step]
        on_disk["columns"].append(block[:, some_columns])
        on_disk["product"].append(block @ vector)
    pull = jax.jit(lambda u: jax.vjp(f, x)[1](u)[0])
    push = jax.jit(lambda v: jax.jvp(f, (x,), (v,))[1])
    wanted = {
        "rows": [pull(jnp.zeros(rows).at[i].set(1)) for i in some_rows],
        "columns": [push(jnp.zeros(columns).at[j].set(1)) for j in some_columns],
        "product": push(vector),
    }
    found = {
        "rows": np.stack(on_disk["rows"]),
        "columns": np.concatenate(on_disk["columns"]).T,
        "product": np.concatenate(on_disk["product"]),
    }
    scale = {"rows": largest, "columns": largest, "product": float(np.abs(wanted["product"]).max())}
    errors = {
        name: float(np.abs(found[name] - np.asarray(wanted[name])).max()) / scale[name]
        for name in found
    }
    return {"errors": errors, "bytes": array.nbytes, "largest": largest, "peak": peak("self")}


def whole(path: str, rows: int, columns: int, limit: int) -> dict[str, Any]:  # noqa: ARG001 (steps are called alike)
    """Build the Jacobian as a whole by `jax.jacrev`."""
    import jax

    f, x = function(rows, columns)
    jax.block_until_ready(jax.jit(jax.jacrev(f))(x))
    return {"peak": peak("self")}


def told(**known: Any) -> None:
    print(json.dumps(known), flush=True)


def peak(process: int | str) -> int:
    """Return the largest resident memory that a process has had, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


class Child:
    """A part of the work in a process of its own, under the limit."""

    def __init__(self, part: str, path: Path, shape: tuple[int, int], limit: int) -> None:
        sizes = [f"--rows={shape[0]}", f"--columns={shape[1]}", f"--limit={limit}"]
        command = [sys.executable, __file__, "--part", part, "--out", str(path), *sizes]
        self.errors = path.with_name(f"{part}.txt")
        with self.errors.open("w") as file:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True)
        self.said: dict[str, Any] = {}
        self.peak = 0

    def listen(self, until: float = float("inf"), share: float = 1.0) -> dict[str, Any]:
        """Read what it says until it ends, or until a share of the blocks is there."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said |= json.loads(line)
            enough = share * self.said.get("blocks", until)
            if share < 1 and self.said.get("written", 0) >= enough:
                self.peak = peak(self.process.pid)
                return self.said
        self.process.wait()
        self.peak = self.said.get("peak", 0)
        return self.said

    def end(self) -> int:
        """Kill it if it still runs, and return how it ended: below 0 by that signal."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        return self.process.wait()

    def last_words(self) -> str:
        """Return the last line that it wrote to standard error."""
        lines = [line for line in self.errors.read_text().splitlines() if line.strip()]
        return lines[-1][:150] if lines else "it said nothing"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", help="folder for the array, which is deleted at the end")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--columns", type=int, default=COLUMNS)
    parser.add_argument("--limit", default="2GB", help="of each process's address space")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        limit = int(args.limit)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        parts = dict(zip(PARTS, (write, check, whole), strict=True))
        told(**parts[args.part](args.out, args.rows, args.columns, limit))
        return 0
    from jacoscope._limits import read_bytes

    size = 4 * args.rows * args.columns
    with tempfile.TemporaryDirectory(dir=args.out) as folder:
        free = shutil.disk_usage(folder).free
        if free < 1.2 * size:
            print(f"{folder} has {free / 1e9:.1f} GB free, and it takes {1.2 * size / 1e9:.1f} GB.")
            return 1
        short = proven(Path(folder), (args.rows, args.columns), read_bytes(args.limit))
    for each in short:
        print(f"FALLS SHORT  {each}")
    return 1 if short else 0


def proven(folder: Path, shape: tuple[int, int], limit: int) -> list[str]:
    """Do all of it, print how it went, and return what falls short."""
    size, short = 4 * shape[0] * shape[1], []
    print(f"{shape[0]:,} × {shape[1]:,} in float32, {size / 1e9:.3g} GB")
    print(f"each writer in {limit / 1e9:.3g} GB of address space (RLIMIT_AS)")
    print("peaks are of resident memory (VmHWM)\n")
    for name, rows, fits in (("fits", max(shape[0] // 256, 1), True), ("whole", shape[0], False)):
        control = Child("whole", folder / "control", (rows, shape[1]), limit)
        control.listen()
        code = control.end()
        how = "works" if code == 0 else f"exit code {code}: {control.last_words()}"
        print(f"control: jax.jacrev of {rows:,} rows, {4 * rows * shape[1] / 1e9:.3g} GB: {how}")
        if (code == 0) != fits:
            short.append(f"control {name}: {how}")
    array = folder / "jacobian.zarr"
    began = time.perf_counter()
    first = Child("write", array, shape, limit)
    said = first.listen(share=0.5)
    code = first.end()
    line = f"{said.get('written', 0)} of {said.get('blocks')} blocks of {said.get('chunk')} rows"
    print(f"first: {line}, then exit code {code}; peak {first.peak / 1e9:.2f} GB")
    if code != -signal.SIGKILL:
        short.append(f"the first writer ended by {code}: {first.last_words()}")
    before = said.get("written", 0)
    second = Child("write", array, shape, limit)
    said = second.listen()
    code, seconds = second.end(), time.perf_counter() - began
    line = f"from block {said.get('first')} to {said.get('written')}"
    print(f"second: {line}, exit code {code}; peak {second.peak / 1e9:.2f} GB")
    print(f"both: {seconds:.0f} s, {size / seconds / 1e6:.0f} MB/s")
    if code or said.get("written") != said.get("blocks"):
        short.append(f"the second writer ended by {code}: {second.last_words()}")
    if said.get("first", 0) < before - 1:
        short.append(f"the second writer began at {said.get('first')}, and {before} were there")
    on_disk = sum(each.stat().st_size for each in array.rglob("*") if each.is_file())
    checker = Child("check", array, shape, 2 * limit)
    found = checker.listen()
    if checker.end():
        return [*short, f"the check failed: {checker.last_words()}"]
    print(f"on disk: {on_disk / 1e9:.3g} GB; largest entry {found['largest']:.3g}")
    for name, error in found["errors"].items():
        print(f"largest error of {name}: {error:.1e} of the largest entry")
        if not error < CLOSE:
            short.append(f"{name} are off by {error:.1e}")
    for name, child in (("first", first), ("second", second)):
        if not 0 < child.peak < limit:
            short.append(f"the {name} writer took {child.peak / 1e9:.2f} GB")
    return short


if __name__ == "__main__":
    sys.exit(main())
