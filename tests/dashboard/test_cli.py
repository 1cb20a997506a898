"""The command line, as far as it goes without serving."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jacoscope_dashboard._cli import main


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
