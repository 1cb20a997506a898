"""The commands that take a function, to their exit codes: with answers made up, and for real."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import numpy as np
import psutil
import pytest

import jacoscope as jsc
from jacoscope.run import Job, Outcome, problem_target
from jacoscope_dashboard._cli import main
from jacoscope_dashboard._server import explorer_of
from jacoscope_dashboard.terminal import _commands
from tests.dashboard.helpers import ADVICE, FakeRunner, finished, rows, study, text
from tests.dashboard.terminal_helpers import (
    COMMAND,
    MODULE,
    Answering,
    environment,
    jacoscope,
)

NOWHERE = Outcome("crashed", "The worker process died (SIGSEGV).")
READER_GONE = """
import os
from jacoscope.run import Outcome
from jacoscope_dashboard import _cli
from jacoscope_dashboard.terminal import _commands

advice = dict(strategy="a", chunk_size=None, reason="", textbook="forward", agrees=True)
_commands.outcome_of = lambda job: Outcome("ok", value={"advice": advice})
reading, writing = os.pipe()
os.dup2(writing, 1)
os.close(writing)
os.close(reading)
raise SystemExit(_cli.main(["advise", "tanh_sum"]))
"""
USES_PANEL = """
import sys
from jacoscope_dashboard._cli import main
assert main({arguments}) == 0
drawing = {{"panel", "bokeh", "holoviews", "param", "matplotlib"}} & set(sys.modules)
assert not drawing, drawing
"""


def answer(job: Job) -> Outcome:
    match job.kind:
        case "compare":
            return finished(study())
        case "advise":
            return Outcome("ok", value={"advice": asdict(ADVICE)})
        case _:
            return Outcome("ok", value={"devices": [{"name": "cpu:0"}, {"name": "cpu:1"}]})


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Answering:
    made = Answering(answer)
    monkeypatch.setattr(_commands, "local_runner", lambda: made)
    return made


def test_options_reach_the_job(runner: Answering) -> None:
    words = ["--quantity", "hvp", "--vectors", "3", "--chunk-sizes", "2,4", "--no-jit"]
    more = ["--device", "cpu:1", "--memory-limit", "2GB", "--time-limit", "2m"]
    assert main(["compare", "tanh_sum", *words, *more]) == 0
    assert [job.kind for job in runner.jobs] == ["devices", "compare"]
    assert runner.jobs[-1].options == {
        "quantity": "hvp",
        "vectors": 3,
        "chunk_sizes": [2, 4],
        "jit": False,
        "device": "cpu:1",
        "memory_limit": 2_000_000_000,
        "time_limit": 120.0,
    }


def test_the_table_goes_to_standard_output(
    runner: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "tanh_sum"]) == 0
    said = capsys.readouterr()
    assert "forward/vmap is fastest." in said.out
    assert said.err == ""


def test_json_is_all_there_is(runner: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "tanh_sum", "--json"]) == 0
    assert jsc.Study.from_plain(json.loads(capsys.readouterr().out)) == study()
    assert main(["advise", "tanh_sum", "--json"]) == 0
    assert jsc.Advice(**json.loads(capsys.readouterr().out)) == ADVICE


def test_advice(runner: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "tanh_sum", "--memory-limit", "1GB"]) == 0
    assert "Try reverse/chunked/8 (estimated, not timed)." in capsys.readouterr().out
    options = {"quantity": "jacobian", "vectors": None, "memory_limit": 10**9}
    assert runner.jobs[-1].options == options


def test_files(runner: Answering, tmp_path: Path) -> None:
    for name in ("study.json", "study.csv"):
        assert main(["compare", "tanh_sum", "--out", str(tmp_path / name)]) == 0
    assert jsc.Study.from_json(tmp_path / "study.json") == study()
    lines = (tmp_path / "study.csv").read_text().splitlines()
    assert lines[0].startswith("quantity,strategy,")
    assert len(lines) == 1 + len(study().rows)


@pytest.mark.parametrize("command", ["compare", "advise"])
def test_a_job_that_fails_is_a_1(
    command: str, runner: Answering, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(_commands, "local_runner", lambda: Answering(lambda job: NOWHERE))
    assert main([command, "tanh_sum", "--json"]) == 1
    said = capsys.readouterr()
    assert said.err == f"jacoscope {command}: {NOWHERE.message}\n"
    assert said.out == ""


def test_no_strategy_that_works_is_a_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = jsc.Study((rows()[-1],), title="Test")
    monkeypatch.setattr(_commands, "local_runner", lambda: Answering(lambda job: finished(nothing)))
    assert main(["compare", "tanh_sum"]) == 1
    assert "None of the ways could be measured." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--device", "cpu:9"], "`--device` must be one of cpu:0, cpu:1, but got 'cpu:9'."),
        (["--out", "not/there/a.csv"], "`--out` must be in a folder that is there, but got 'not/"),
        (["--shape", "3"], "`--shape` does not go with tanh_sum"),
    ],
)
def test_a_mistake_is_a_2(
    words: list[str], sentence: str, runner: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "tanh_sum", *words]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"jacoscope compare: error: {sentence}")
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_file_that_can_not_be_written_is_a_1(
    runner: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "study.json").mkdir()
    assert main(["compare", "tanh_sum", "--out", str(tmp_path / "study.json")]) == 1
    assert "study.json can't be written: " in capsys.readouterr().err


def test_an_interruption_ends_the_workers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(job: Job) -> Outcome:
        raise KeyboardInterrupt

    runner = Answering(interrupt)
    monkeypatch.setattr(_commands, "local_runner", lambda: runner)
    assert main(["compare", "tanh_sum"]) == 130
    assert runner.closed
    assert capsys.readouterr().err == "Cancelled.\n"


def test_a_larger_size_is_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = finished(study(empty_call_s=1.0))
    monkeypatch.setattr(_commands, "local_runner", lambda: Answering(lambda job: small))
    assert main(["compare", "logistic_regression"]) == 0
    offered = re.search(r"^Add (--knob .*)\.$", capsys.readouterr().out, re.MULTILINE)
    assert offered
    assert main(["compare", "logistic_regression", *offered[1].split()]) == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder outside of the repository with a module of a user's."""
    (tmp_path / "users.py").write_text(MODULE)
    return tmp_path


def test_a_module_outside_of_the_repository(folder: Path) -> None:
    words = ["--shape", "3", "--chunk-sizes", "2", "--json", "--dtype", "float64"]
    done = jacoscope(folder, "compare", "users:f", *words)
    assert done.returncode == 0, done.stderr
    assert "imported" in done.stderr
    measured = jsc.Study.from_plain(json.loads(done.stdout))
    assert measured.title == "users:f"
    row = measured.row("forward/vmap")
    assert (row.n_in, row.n_out, row.dtype, row.status) == (3, 4, "float64", "ok")
    assert row.error is not None
    assert row.error < 1e-12


def test_advice_for_a_module_and_a_file(folder: Path) -> None:
    np.savez(folder / "point.npz", a=np.ones((2, 3), np.float32), b=np.ones(4, np.float32))
    done = jacoscope(folder, "advise", "users:tree", "--input", "point.npz", "--json")
    assert done.returncode == 0, done.stderr
    assert jsc.Advice(**json.loads(done.stdout)).textbook == "reverse"


def test_a_function_that_raises(folder: Path) -> None:
    done = jacoscope(folder, "compare", "users:raises", "--shape", "3")
    assert done.returncode == 1
    assert "f raised KeyError: 'nothing here'" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stderr


def test_a_module_that_raises_and_its_traceback(folder: Path) -> None:
    (folder / "broken.py").write_text("def g():\n    raise ValueError('boom')\ng()")
    done = jacoscope(folder, "advise", "broken:f", "--shape", "3")
    sentence = (
        "broken can't be imported: it raised ValueError: boom. Add `--traceback` to see where."
    )
    assert done.stderr == f"jacoscope advise: error: {sentence}\n"
    assert done.returncode == 2
    more = jacoscope(folder, "advise", "broken:f", "--shape", "3", "--traceback")
    assert more.returncode == 2
    assert 'broken.py", line 2, in g' in more.stderr
    assert more.stderr.endswith(done.stderr)


def test_the_terminal_needs_nothing_that_draws(folder: Path) -> None:
    arguments = ["advise", "users:f", "--shape", "3"]
    done = subprocess.run(
        [sys.executable, "-c", USES_PANEL.format(arguments=arguments)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr


def test_a_reader_that_has_gone_gets_no_traceback(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READER_GONE],
        cwd=folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another Ctrl-C")
def test_ctrl_c_leaves_no_worker(folder: Path) -> None:
    (folder / "endless.py").write_text(
        "import pathlib, time\n"
        "def f(x):\n    pathlib.Path('begun').touch()\n    time.sleep(600)\n    return x\n"
    )
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from jacoscope_dashboard._cli import main\n"
        "raise SystemExit(main(['compare', 'endless:f', '--shape', '3']))"
    )  # a shell in the background has its children ignore SIGINT
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for((folder / "begun").exists, process)
        workers = psutil.Process(process.pid).children(recursive=True)
        assert len(workers) >= 2  # the launcher, and one at least
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, err) == ("", "Cancelled.\n")
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert alive == []


def test_the_page_has_a_worker_look_at_the_function(folder: Path) -> None:
    (folder / "seen.py").write_text(
        "import pathlib\ndef f(x):\n    pathlib.Path('begun').touch()\n    return 2 * x\n"
    )
    with subprocess.Popen(
        [*COMMAND, "explore", "seen:f", "--shape", "3", "--port", "0"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            assert re.fullmatch(r"http://localhost:\d+", address)
            assert not (folder / "begun").exists()
            with build_opener(ProxyHandler({})).open(address, timeout=60) as page:
                assert page.status == 200
            wait_for((folder / "begun").exists, process)
        finally:
            process.terminate()
            process.communicate()


@pytest.mark.parametrize(
    ("target", "title"),
    [
        (problem_target("logistic_loss", {"batch": 7}), "batch size 7"),
        ({"kind": "pickle", "content": b"", "title": "m:f", "config": {}}, "Your function"),
        (None, "Logistic regression, predictions"),
    ],
)
def test_what_a_visit_begins_with(
    target: dict[str, Any] | None, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeRunner()
    monkeypatch.setattr("jacoscope.run.local_runner", lambda: fake)
    explorer = explorer_of(target)
    assert title in text(explorer)
    assert target is None or fake.last("matrix").job.target == target


def wait_for(condition: Any, process: subprocess.Popen[str], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
