"""What the page and the terminal say of a cluster, without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jacoscope import Measurement, Study
from jacoscope.run import DaskRunner, Outcome, dask_runner
from jacoscope_dashboard import Explorer, _server
from jacoscope_dashboard._announcement import announcement
from jacoscope_dashboard._cli import main
from jacoscope_dashboard._progress import Progress
from jacoscope_dashboard._study_words import several_hosts, verdict
from jacoscope_dashboard.terminal import _cluster, _commands
from jacoscope_dashboard.views._study_table import columns, table_rows
from tests.dashboard.helpers import FakeRunner
from tests.dashboard.terminal_helpers import Answering

ADDRESS = "tcp://node7:8786"


def row(strategy: str, host: str | None, median_s: float | None) -> Measurement:
    times: Any = dict.fromkeys(("median_s", "q25_s", "q75_s", "low_s", "high_s"), median_s)
    return Measurement("jacobian", strategy, n_in=3, n_out=4, host=host, **times)


def test_a_job_that_waits_says_for_what() -> None:
    waiting = Progress().after({"type": "waiting", "why": "The scheduler has gone."})
    assert waiting.sentence() == "The scheduler has gone. Waiting…"
    assert waiting.after({"type": "attempt", "attempt": 1}) == waiting
    assert waiting.after({"type": "started"}).sentence() == "Starting…"


def test_a_study_says_which_host_it_is_of() -> None:
    rows = (row("forward/vmap", "node7", 1.0), row("reverse/vmap", "node7", 2.0))
    study = Study(rows, environment={"attempts": [{}], "device_kind": "cpu"})
    assert verdict(study) == ("forward/vmap is fastest", "Measured on host node7 (cpu).")
    assert verdict(Study(rows)) == ("forward/vmap is fastest", "")


def test_a_study_of_two_hosts_says_so_with_each_verdict() -> None:
    rows = (row("forward/vmap", "node7", 1.0), row("reverse/vmap", "node8", 2.0))
    said = "These times are of different hosts, node7 and node8:"
    study = Study(rows)
    assert study.hosts == ("node7", "node8")
    assert verdict(study)[1].startswith(said)
    assert study.advice is not None
    assert said in study.advice.reason
    assert several_hosts(rows[:1]) == ""
    assert several_hosts([rows[0], rows[1].but(median_s=None)]) == ""  # there was nothing to mix


def test_the_table_has_hosts_where_they_differ_from_this_one() -> None:
    names = [each["key"] for each in columns(elsewhere=True)]
    assert names[-2:] == ["host", "note"]
    assert "host" not in [each["key"] for each in columns(elsewhere=False)]
    [shown] = table_rows([row("forward/vmap", "node7", 1.0)], None, dark=False)
    assert shown["cells"]["host"]["text"] == "node7"


def test_an_explorer_knows_that_it_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = DaskRunner(ADDRESS)
    monkeypatch.setattr(elsewhere, "submit", FakeRunner().submit)
    explorer = Explorer(runner=elsewhere)
    assert explorer.session.elsewhere
    explorer.close()
    assert not Explorer(runner=FakeRunner()).session.elsewhere


def test_the_server_says_where_jobs_run() -> None:
    def said(address: str) -> str:
        there = DaskRunner(address)
        return announcement("http://h", "http://h", "localhost", [], 3, None, None, there)

    assert f"Jobs run on the workers of the Dask scheduler at {ADDRESS}." in said(ADDRESS)
    assert "neither encrypted" in said(ADDRESS)
    assert "neither encrypted" not in said("tls://node7:8786")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    made = {name: str(tmp_path / f"{name}.pem") for name in ("ca", "cert", "key")}
    for path in made.values():
        Path(path).touch()
    return made


def test_a_command_line_reaches_the_cluster(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str]
) -> None:
    given: list[Any] = []
    runner = Answering(lambda job: Outcome("failed", "No such luck."))
    monkeypatch.setattr("jacoscope.run.dask_runner", lambda *words: given.append(words) or runner)
    monkeypatch.setattr(_commands, "local_runner", lambda: pytest.fail("it was done here"))
    options = [word for name, path in files.items() for word in (f"--tls-{name}", path)]
    assert main(["compare", "tanh_sum", "--scheduler", "tls://node7:8786", *options]) == 1
    assert [job.kind for job in runner.jobs] == ["compare"]
    [(address, security)] = given
    assert address == "tls://node7:8786"
    assert security == {
        "require_encryption": True,
        "tls_ca_file": files["ca"],
        "tls_client_cert": files["cert"],
        "tls_client_key": files["key"],
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--scheduler", "node7"],
            "`--scheduler` can't be taken. A scheduler's address must",
        ),
        (["--tls-ca", "{ca}", "--tls-cert", "{cert}"], "`--tls-key` is missing"),
        (["--tls-ca", "none.pem"], "`--tls-ca` must be a file that can be read"),
        (
            ["--tls-ca", "{ca}", "--tls-cert", "{cert}", "--tls-key", "{key}"],
            "go with `--scheduler`",
        ),
    ],
)
@pytest.mark.parametrize("command", [["compare", "tanh_sum"], ["serve"]])
def test_a_command_line_that_is_wrong(
    command: list[str],
    words: list[str],
    said: str,
    files: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_server, "serve", lambda *_, **__: pytest.fail("it was served"))
    assert main([*command, *(word.format(**files) for word in words)]) == 2
    assert said in capsys.readouterr().err


def test_a_sandbox_is_of_this_machine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_server, "serve", lambda *_, **__: pytest.fail("it was served"))
    options = ["--basic-auth", "correct horse", "--allow-code", "sandbox", "--scheduler", ADDRESS]
    assert main(["serve", *options]) == 2
    assert "`--allow-code=sandbox` does not go with `--scheduler`" in capsys.readouterr().err


def test_without_the_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cluster.importlib.util, "find_spec", lambda name: None)
    assert main(["cluster"]) == 2
    assert "pip install 'jacoscope[cluster]'" in capsys.readouterr().err
    with pytest.raises(ValueError, match="A Dask cluster takes the package distributed"):
        dask_runner("tcp://elsewhere:1")
