"""Code of people who are not trusted: in a sandbox, and nothing of it outside, before or after."""

from __future__ import annotations

import getpass
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import psutil
import pytest
from filelock import FileLock, Timeout

import jacoscope as jsc
from jacoscope.run import (
    Job,
    LocalRunner,
    Outcome,
    sandbox_faults,
    sandbox_runner,
    source_target,
)
from jacoscope.run import _bubble as bubble
from jacoscope.run import _cell as cell
from jacoscope.run import _sandbox as sandbox
from jacoscope.run._confines import Confines
from jacoscope.run._keyring import leave_keyring
from jacoscope.run._kin import Kin
from jacoscope.run._turn import Turn

SMALL = Confines(memory_bytes=1_000_000_000, processes=48)
F = "import jax.numpy as jnp\ndef f(x): return jnp.tanh(x) * x[:2].sum()\n"
# What code can find of its line home, and send on it.
LINE = """
import os, stat, struct
for each in range(3, 128):
    try:
        if stat.S_ISSOCK(os.fstat(each).st_mode): end = each
    except OSError:
        pass
def send(data): os.write(end, struct.pack("!i", len(data)) + data)
started = struct.pack(">Q", 28) + b'{"event":{"type":"started"}}'
"""


@pytest.fixture(scope="module", autouse=True)
def sandboxes() -> None:
    """Sandboxes can be made: where they can't, that is a failure in CI only."""
    try:
        tried = cell.Cell(SMALL)
        tried.wait()
        tried.end()
    except OSError as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))


@pytest.fixture(scope="module")
def runner() -> Iterator[LocalRunner]:
    with closing(sandbox_runner(SMALL)) as started:
        yield started


def run(runner: LocalRunner, source: str, kind: str = "matrix", **options: object) -> Outcome:
    return runner.submit(job(source, kind, **options)).result(100)


def job(source: str, kind: str = "matrix", **options: object) -> Job:
    return Job(kind, source_target(source, shape=(3,)), options)  # pyright: ignore[reportArgumentType]


def test_no_way_out() -> None:
    leave_keyring()  # for one of its own: there may be none to be shared
    assert sandbox_faults() == []


def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = ("--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", "sandbox")
    left = tuple(each for each in bubble.GUARDS if each not in names)
    monkeypatch.setattr(bubble, "GUARDS", left)


def processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = bubble.command
    monkeypatch.setattr(cell, "_END_S", 1.0)
    monkeypatch.setattr(
        cell, "command", lambda *given: [each for each in own(*given) if each != "--unshare-pid"]
    )


def namespaces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    left = tuple(each for each in bubble.GUARDS if each != "--disable-userns")
    monkeypatch.setattr(bubble, "GUARDS", left)


def rights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bubble, "GUARDS", (*bubble.GUARDS, "--cap-add", "ALL"))


def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own, start, more = bubble.folders(), cell.subprocess.Popen, os.open(__file__, os.O_RDONLY)
    monkeypatch.setattr(bubble, "BIND", "--bind")
    monkeypatch.setattr(bubble, "folders", lambda: [*own, str(tmp_path)])
    monkeypatch.setattr(sandbox, "_own_folders", lambda: [tmp_path])
    monkeypatch.setattr(
        cell.subprocess,
        "Popen",
        lambda *given, pass_fds, **named: start(*given, pass_fds=[*pass_fds, more], **named),
    )
    tmp_path.chmod(0o755)


def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = bubble.environment()
    monkeypatch.setattr(bubble, "environment", lambda: {**own, "SECRET_INSIDE": "x"})
    monkeypatch.setattr(cell, "OUTSIDE", {"SECRET_AROUND_IT": "x"})


def limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ample = Confines(scratch_bytes=10**9, file_bytes=10**9, memory_bytes=10**12, processes=10**4)
    monkeypatch.setattr(sandbox, "Cell", lambda given: cell.Cell(ample))


NOTICED = {
    apart: ["`net`", "`ipc`", "`uts`", "a port", "an abstract socket", "a network interface"],
    processes: [" processes.", "outlive"],
    namespaces: ["make a user namespace"],
    rights: ["has capabilities", "leave its folders"],
    files: ["can write to /usr/lib.", "sees a private file", "the file descriptor"],
    environment: ["SECRET_INSIDE", "SECRET_AROUND_IT"],
    limits: ["a file above its", "its room for files", "more memory", "more than 48 processes"],
}


@pytest.mark.parametrize("take_out", NOTICED, ids=lambda each: each.__name__)
def test_guards_that_are_out_are_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, take_out: Callable[..., None]
) -> None:
    take_out(monkeypatch, tmp_path)
    found = " ".join(sandbox_faults(SMALL))
    assert [each for each in NOTICED[take_out] if each not in found] == [], found


def test_no_bubblewrap_no_sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sandbox_faults() == ["Sandboxes need bubblewrap 0.8 or later: `apt install bubblewrap`."]
    with closing(sandbox_runner(SMALL)) as runner:
        outcome = run(runner, F)
    assert outcome.status == "refused"
    assert "apt install bubblewrap" in outcome.message


def test_what_bubblewrap_says_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubble, "GUARDS", (*bubble.GUARDS, "--no-such-guard"))
    (said,) = sandbox_faults()
    assert "Unknown option --no-such-guard" in said
    assert "user namespaces" in said


def test_answers_are_right(runner: LocalRunner) -> None:
    outcome = run(runner, F)
    assert outcome.status == "ok", outcome.message
    x = jax.random.normal(jax.random.key(0), (3,))
    expected = jax.jacfwd(lambda x: jnp.tanh(x) * x[:2].sum())(x)
    np.testing.assert_allclose(outcome.value["values"], expected, rtol=1e-5)


def test_a_comparison_with_its_peaks(runner: LocalRunner) -> None:
    events: list[str] = []
    order = job("import jax.numpy as jnp\ndef f(x): return jnp.outer(x, x)\n", "compare")
    order = replace(order, options={"time_limit": 6.0, "only": ["jax.jacfwd", "jax.jacrev"]})
    handle = runner.submit(order, lambda event: events.append(event["type"]))
    alone = 0
    while not handle.done():
        alone += is_held("probe.lock")
        time.sleep(0.01)
    assert alone > 0
    outcome = handle.result(0)
    assert outcome.status == "ok", outcome.message
    rows = jsc.Study.from_plain(outcome.value["study"]).rows
    assert {row.strategy for row in rows if row.median_s} == {"jax.jacfwd", "jax.jacrev"}
    assert events.count("started") >= 1
    assert {"plan", "stage", "row"} <= set(events)


def is_held(name: str) -> bool:
    """Whether somebody holds a lock of this machine, just now."""
    lock = FileLock(Path(tempfile.gettempdir(), f"jacoscope-{getpass.getuser()}", name))
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True


def test_a_job_waits_for_its_turn(runner: LocalRunner) -> None:
    begun = threading.Event()
    began: list[str] = []

    def hear(event: dict[str, Any]) -> None:
        began.append(event["type"])
        if event["type"] == "worker":
            begun.set()

    with Turn().probe():
        handle = runner.submit(job(F), hear)
        assert begun.wait(60)
        time.sleep(0.5)
        assert "started" not in began
    assert handle.result(60).status == "ok"


LEAVES = """
import os, pathlib, time
seen = [each.name for each in pathlib.Path("/tmp").iterdir() if each.name.startswith("left")]
others = [each for each in os.listdir("/proc") if each.isdecimal() and int(each) > 2]
pathlib.Path("/tmp/left").touch()
jnp.tanh = jnp.sin
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
if seen or others or jnp.ones(1).sum() != 1: raise SystemExit(f"{seen} {others}")
"""


def test_nothing_is_left_for_the_next(runner: LocalRunner) -> None:
    for _ in range(2):
        outcome = run(runner, "import jax.numpy as jnp\n" + LEAVES + F)
        assert outcome.status == "ok", outcome.message
    test_answers_are_right(runner)


def launcher_of(runner: LocalRunner) -> int:
    assert runner._process is not None
    return runner._process.pid


def busy(kin: Kin) -> list[psutil.Process]:
    """Wait until four processes of a sandbox spin, and return them."""
    until = time.monotonic() + 60
    while len(found := [each for each in alive(kin) if spins(each)]) < 4:
        assert time.monotonic() < until
        time.sleep(0.1)
    return found


def alive(kin: Kin) -> list[psutil.Process]:
    return [psutil.Process(each) for each in kin.everyone() if psutil.pid_exists(each)]


def spins(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_RUNNING and "_inmate" in "".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


FAMILY = "import os\nos.fork(); os.fork(); os.setsid()\nwhile True: pass"


def test_cancel_ends_all_that_it_started(runner: LocalRunner) -> None:
    handle = runner.submit(job(FAMILY))
    family = busy(Kin(launcher_of(runner)))
    handle.cancel()
    assert handle.result(10).status == "cancelled"
    assert psutil.wait_procs(family, timeout=5)[1] == []


def test_the_end_of_the_launcher_ends_all() -> None:
    with closing(sandbox_runner(SMALL)) as runner:
        handle = runner.submit(job(FAMILY))
        kin = Kin(launcher_of(runner))
        busy(kin)
        everyone = alive(kin)
        psutil.Process(launcher_of(runner)).kill()
        assert handle.result(10).status == "crashed"
        _, left = psutil.wait_procs(everyone, timeout=5)
        assert [each for each in left if each.status() != psutil.STATUS_ZOMBIE] == []


def test_memory_of_all_that_it_starts_counts(runner: LocalRunner) -> None:
    outcome = run(runner, "import os\nos.fork()\nheld = b'x' * 700_000_000\nwhile True: pass")
    assert outcome.status == "out_of_memory"
    assert "above the 1 GB" in outcome.message


def test_the_machine_keeps_some_memory() -> None:
    with closing(sandbox_runner(replace(SMALL, spare_bytes=10**18))) as runner:
        outcome = run(runner, "while True: pass")
    assert outcome.status == "out_of_memory"
    assert "No memory was left" in outcome.message


@pytest.mark.parametrize(
    ("sends", "said"),
    [
        ("os.write(end, struct.pack('!i', 2**31 - 1))", "bad message length"),
        ("send(b'junk' * 100)", "is no answer"),
        ("send(struct.pack('>Q', 80_000) + b'[' * 40_000 + b']' * 40_000)", "too deep"),
        ("while True: send(started)", "more than"),
        ("os.close(end); os.kill(1, 9); os._exit(0)", "died"),
    ],
    ids=["length", "junk", "depth", "flood", "silence"],
)
def test_what_is_no_answer_ends_the_job_and_nothing_else(
    runner: LocalRunner, sends: str, said: str
) -> None:
    outcome = run(runner, LINE + sends + "\nwhile True: pass")
    assert outcome.status in ("failed", "crashed")
    assert said in outcome.message
