"""Two servers on one machine: what one times, the other's timings do not disturb."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Each call of f writes down when it began and ended, on the clock that processes share.
SCRIPT = """
import os, sys, time
import jax, jax.numpy as jnp
from jacoscope.run import Job, function_target, local_runner

def note(x):
    begin = time.monotonic()
    time.sleep(0.002)
    with open(sys_argv[1], "a") as log:
        log.write(f"{sys_argv[2]} {begin} {time.monotonic()}\\n")
    return x

def f(x):
    return x * jax.pure_callback(note, jax.ShapeDtypeStruct(x.shape, x.dtype), 1.0)

sys_argv = sys.argv
options = {"only": ["jax.jacfwd", "forward/loop"], "chunk_sizes": [], "time_limit": 4.0}
asked = Job("compare", function_target(f, jnp.ones(())), options)
print("ready", flush=True)
sys.stdin.readline()
outcome = local_runner().submit(asked).result(120)
assert outcome.status == "ok", outcome.message
"""


def test_timings_of_two_servers_do_not_overlap(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "core")}
    with ExitStack() as servers:
        both = []
        for name in ("one", "other"):
            command = [sys.executable, "-c", SCRIPT, str(log), name]
            server = servers.enter_context(
                subprocess.Popen(
                    command,
                    env=environment,
                    text=True,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            )
            servers.callback(server.kill)
            both.append(server)
        for server in both:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
        for server in both:
            assert server.stdin is not None
            server.stdin.write("\n")
            server.stdin.flush()
        for server in both:
            _, said = server.communicate(timeout=200)
            assert server.returncode == 0, said
    lines = [line.split() for line in log.read_text().splitlines()]
    calls = sorted((float(begin), float(end), name) for name, begin, end in lines)
    names = [name for *_, name in calls]
    assert min(names.count("one"), names.count("other")) >= 20
    assert not [pair for pair in pairwise(calls) if pair[0][1] > pair[1][0]]
    assert sum(a != b for a, b in pairwise(names)) <= 3  # one after the other, not in turns
