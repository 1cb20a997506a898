"""The command `jacoscope`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from importlib.metadata import version


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help()
        return 2
    return _serve(given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jacoscope",
        description="See, measure and choose how JAX differentiates your function.",
    )
    parser.add_argument("--version", action="version", version=f"jacoscope {version('jacoscope')}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    serve = commands.add_parser("serve", help="serve the page", description="Serve the page.")
    serve.add_argument("--port", type=_port, default=5006, help="port (default: %(default)s)")
    serve.add_argument(
        "--address", default="localhost", help="address to listen on (default: %(default)s)"
    )
    serve.add_argument(
        "--cpu-devices",
        type=_devices,
        metavar="N",
        help="let JAX see N devices in this machine's CPU (default: as JAX does)",
    )
    serve.add_argument("--show", action="store_true", help="open the page in a browser")
    return parser


def _serve(given: argparse.Namespace) -> int:
    if given.cpu_devices:
        os.environ["JACOSCOPE_CPU_DEVICES"] = str(given.cpu_devices)
    from ._server import serve

    return serve(given.address, given.port, show=given.show)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65_535):
        raise argparse.ArgumentTypeError("must be a whole number from 0 to 65535")
    return int(text)


def _devices(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 64):
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 64")
    return int(text)


if __name__ == "__main__":
    raise SystemExit(main())
