"""Folders that are full, read-only or missing, and files that are broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from jacoscope._cache import kept

ROOT = Path(__file__).parents[2]
TUNE = """
import jax.numpy as jnp
import jacoscope as jsc

J = jsc.autotune(lambda x: jnp.tanh(x) * x.sum(), jnp.ones(16), time_limit=3.0)
print(J(jnp.ones(16)).shape)
"""
COMPARE = """
from jacoscope_dashboard._cli import main
raise SystemExit(main(["compare", "tanh_sum", "--time-limit", "3s"]))
"""
# Mounted where nobody else sees it.
FULL = "mount -t tmpfs -o size=64k none {0}; head -c 65536 /dev/zero > {0}/full"
NO_MEMORY = "umount /dev/shm; mount --bind /proc/fs /dev/shm"


def run(
    script: str, *before: str, mounts: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, with its own folders."""
    path = os.pathsep.join([str(ROOT / "core"), str(ROOT / "dashboard")])
    command = [*before, sys.executable, "-c", script]
    if mounts:
        command = ["unshare", "--mount", "sh", "-c", f'{mounts}; exec "$@"', "sh", *command]
    inherited = {name: each for name, each in os.environ.items() if name != "JACOSCOPE_CACHE"}
    return subprocess.run(
        command,
        env={**inherited, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.fixture(scope="module")
def mounting() -> None:
    """Needs the right to mount, which containers may withhold."""
    tried = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    known = shutil.which("unshare") is not None
    if not known or subprocess.run(tried, capture_output=True, check=False).returncode != 0:
        pytest.skip("Mounting needs root, in a container that permits it.")


@pytest.mark.parametrize(
    ("script", "environment"),
    [
        (COMPARE, {"HOME": "/proc", "XDG_CACHE_HOME": "", "PYTHONDONTWRITEBYTECODE": "1"}),
        (TUNE, {"HOME": "/proc", "XDG_CACHE_HOME": ""}),
        (TUNE, {"JACOSCOPE_CACHE": "/dev/null"}),
    ],
    ids=["compare without a home", "tune without a home", "tune into a file"],
)
def test_without_a_place_to_keep_anything(script: str, environment: dict[str, str]) -> None:
    done = run(script, **environment)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("mounting")
@pytest.mark.parametrize("script", [TUNE, COMPARE], ids=["tune", "compare"])
def test_a_full_disk(tmp_path: Path, script: str) -> None:
    folder = str(tmp_path)
    done = run(script, mounts=FULL.format(folder), JACOSCOPE_CACHE=folder)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("mounting")
def test_without_shared_memory() -> None:
    done = run(COMPARE, mounts=NO_MEMORY)
    assert done.returncode == 1
    assert "Worker processes can't be started here" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_temporary_folder() -> None:
    done = run(COMPARE, "sh", "-c", 'ulimit -f 0; exec "$@"', "sh")
    assert done.returncode == 1
    assert "need a folder for temporary files" in done.stderr
    assert "Traceback" not in done.stderr


WRITE = """
import sys
from jacoscope._cache import keep
while True:
    keep("choices", "one", sys.argv[1] * 1_000_000)
"""


def test_a_choice_is_whole_whoever_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JACOSCOPE_CACHE", str(tmp_path))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "core")}
    seen: set[str] = set()
    for letters in ("ab", "cd", "ef"):
        with ExitStack() as writers:
            for each in letters:
                command = [sys.executable, "-c", WRITE, each]
                writer = writers.enter_context(subprocess.Popen(command, env=environment))
                writers.callback(writer.kill)
            end = time.monotonic() + 60
            while not seen >= set(letters):
                text = kept("choices", "one") or ""
                assert len(text) in (0, 1_000_000)
                assert len(set(text)) <= 1
                seen |= set(text)
                assert time.monotonic() < end
        text = kept("choices", "one") or ""
        assert (len(text), len(set(text))) == (1_000_000, 1)


def test_a_choice_that_is_broken_is_made_anew(tmp_path: Path) -> None:
    place = {"JACOSCOPE_CACHE": str(tmp_path)}
    assert run(TUNE, **place).returncode == 0
    [file] = [path for path in tmp_path.rglob("*.json") if path.parent.name == "choices"]
    whole = len(file.read_text())
    for content in ("", '{"schema": 1}', "\0" * 4096):
        file.write_text(content)
        again = run(TUNE, **place)
        assert again.returncode == 0, again.stderr
        assert len(file.read_text()) > whole / 2
