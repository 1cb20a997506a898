"""The command line, as far as it goes without serving."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jacoscope_dashboard._cli import main
from tests.dashboard.helpers import study


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--port", "70000"],
        ["serve", "--port", "²"],
        ["serve", "--cpu-devices", "0"],
        ["serve", "--cpu-devices", "many"],
        ["fly"],
    ],
)
def test_a_wrong_call_says_what_is_right(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: jacoscope" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--allow-code", "trusted"], "`--allow-code` goes with a login only: give `--basic-auth`"),
        (["--basic-auth", "short"], "`--basic-auth` must have passwords of 8 characters or more."),
        (["--basic-auth", "EMPTY"], '`--basic-auth` must be a JSON file such as {"ann": '),
        (["--basic-auth", "LIST"], '`--basic-auth` must be a JSON file such as {"ann": '),
        (["--basic-auth", "TEXT"], "`--basic-auth` must be a JSON file of users and passwords: "),
        (["--basic-auth", "WEAK"], "`--basic-auth` must have passwords of 8 characters or more."),
        (["--oauth-provider", "nobody"], "`--oauth-provider` must be one of auth0, "),
        (["--oauth-provider", "github"], "`--oauth-provider` needs PANEL_OAUTH_KEY, "),
    ],
)
def test_a_login_that_lets_anybody_in(
    options: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PANEL_OAUTH_KEY", raising=False)
    files = {"EMPTY": "{}", "LIST": "[1]", "TEXT": "ann: secret", "WEAK": '{"ann": "weak"}'}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    assert main(["serve", *options]) == 2
    assert f"jacoscope serve: error: {said}" in capsys.readouterr().err


def test_help_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "serve" in capsys.readouterr().out


def test_help_loads_neither_jax_nor_panel() -> None:
    script = (
        "import sys; from jacoscope_dashboard._cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('jax', 'panel')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "serve" in done.stdout


def test_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, out = tmp_path / "study.json", tmp_path / "out.html"
    study().to_json(made)
    assert main(["report", str(made), str(out)]) == 0
    assert "is written" in capsys.readouterr().out
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main(["report", str(out), str(out)]) == 0  # a report holds its study


def test_a_report_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.html")
    assert main(["report", str(tmp_path / "none.json"), out]) == 2
    assert "There is no file" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["report", "study.json", "out.pdf"])
    assert stopped.value.code == 2
    assert "`out` must be a file that ends in .html" in capsys.readouterr().err
