"""The command `jacoscope`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .terminal._cluster import serve_cluster
from .terminal._parser import parser
from .terminal._serve import serve_page

_INTERRUPTED = 130  # as a shell says of a command that Ctrl-C has ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    reader = parser()
    given = reader.parse_args(arguments)
    if given.command is None:
        reader.print_help()
        return 2
    if getattr(given, "cpu_devices", None):
        os.environ["JACOSCOPE_CPU_DEVICES"] = str(given.cpu_devices)
    try:
        return _run(given)
    except KeyboardInterrupt:
        sys.stderr.write("Cancelled.\n")
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(given: argparse.Namespace) -> int:
    if given.command == "serve":
        return serve_page(given)
    if given.command == "cluster":
        return serve_cluster(given)
    if given.command == "report":
        return _report(given.study, given.out)
    from .terminal._commands import run

    return run(given)


def _report(study: str, out: str) -> int:
    from ._report import read_study, write_report

    try:
        write_report(read_study(study), out)
    except ValueError as error:
        sys.stderr.write(f"jacoscope report: error: {error}\n")
        return 2
    sys.stdout.write(f"{out} is written.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
