"""The command line: its commands, their options, and the sentences on what is wrong with them."""

from __future__ import annotations

import argparse
import re
from importlib.metadata import version
from typing import Any, NoReturn

from .._quantities import QUANTITIES
from ._values import (
    LARGEST_COUNT,
    VISITS_AT_ONCE,
    count,
    host,
    knob,
    loopback,
    memory,
    one_of,
    path_of,
    seconds,
    shape,
    sizes,
)

_EXIT_CODES = """
exit codes:
  0    it went well
  1    no strategy worked, or the job failed
  2    the command line is wrong, or the function or its input can't be loaded
  130  it was stopped by Ctrl-C; no worker is left
"""
_FUNCTION = """
the function:
  `package.module:function` is imported as `python -m` would, the current folder first; a dotted
  name such as `model:Net.apply` is fine. It takes one point, an array or a pytree of them. One that
  requires several arguments gets one `--shape` each, and is differentiated by the first. A name
  without a colon, such as `logistic_regression`, is a problem of the gallery with its own point.
"""


class Parser(argparse.ArgumentParser):
    """argparse's, which says what is wrong in the words of the rest of Jacoscope."""

    def __init__(self, **options: Any) -> None:
        """Take argparse's options; abbreviations of ours are none."""
        formatter = argparse.RawDescriptionHelpFormatter
        super().__init__(**({"allow_abbrev": False, "formatter_class": formatter} | options))

    def error(self, message: str) -> NoReturn:
        """Write the usage and a sentence, and exit with 2."""
        said = re.sub(r"^argument ([^:]+): (?=must )", r"`\1` ", message)
        both = re.fullmatch(r"argument (\S+): not allowed with argument (\S+)", said)
        super().error(f"`{both[1]}` does not go with `{both[2]}`." if both else said)


def parser() -> Parser:
    """Return the parser of `jacoscope`."""
    made = Parser(
        prog="jacoscope",
        description="See, measure and choose how JAX differentiates your function.",
        epilog=_EXIT_CODES,
    )
    made.add_argument("--version", action="version", version=f"jacoscope {version('jacoscope')}")
    commands = made.add_subparsers(dest="command", metavar="command")

    serve = commands.add_parser("serve", help="serve the page", description="Serve the page.")
    _add_server(serve, str)
    _add_login(serve)
    _add_cluster(serve)

    compare = _command(commands, "compare", "measure what each way costs, and say which to use")
    _add_quantity(compare)
    _add_measuring(compare)
    _add_cluster(compare)

    advise = _command(commands, "advise", "say which way to use, by estimate: nothing is timed")
    _add_quantity(advise)
    advise.add_argument("--json", action="store_true", help="write the advice as JSON")
    _add_device(advise)
    _add_devices(advise)

    explore = _command(commands, "explore", "serve the page for a function, on this machine only")
    _add_server(explore, loopback)
    _add_cluster(explore)

    about = "start a Dask cluster on this machine, to try --scheduler with"
    cluster = commands.add_parser("cluster", help=about, description=f"S{about[1:]}.")
    _add_workers(cluster)

    about = "write a study as one HTML file, which needs no network"
    report = commands.add_parser(
        "report", help=about, description=f"W{about[1:]}.", epilog=_EXIT_CODES
    )
    report.add_argument("study", help="what `compare --json` or `--out` wrote; or a report")
    report.add_argument("out", type=path_of(".html"), help="the file to write, such as out.html")
    return made


def _command(commands: Any, name: str, about: str) -> Parser:
    """Add a command that takes a function and its input."""
    made = commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        usage=f"jacoscope {name} function [options]",
        epilog=_FUNCTION + _EXIT_CODES,
    )
    made.add_argument("function", help="such as package.module:function")
    point = made.add_argument_group("the input, one of").add_mutually_exclusive_group()
    point.add_argument(
        "--shape",
        action="append",
        type=shape,
        metavar="128x32",
        help="an array of that shape, standard normal; `scalar` for a number; given several times,"
        " a tuple of arrays",
    )
    point.add_argument(
        "--input",
        metavar="FILE",
        help="a file of numpy.savez or numpy.save; several arrays are a dict by name",
    )
    point.add_argument(
        "--inputs", metavar="MODULE:MAKE", help="a function without arguments that returns it"
    )
    made.add_argument(
        "--dtype",
        type=one_of("float32", "float64", "bfloat16", "float16"),
        metavar="DTYPE",
        help="of `--shape` (float32), or what `--input` is cast to (as stored); float64 comes with"
        " JAX's x64 mode",
    )
    seed = count(0, 2**31 - 1)
    made.add_argument("--seed", type=seed, metavar="N", help="of `--shape`'s numbers (0)")
    made.add_argument("--x64", action="store_true", help="put JAX in its x64 mode")
    made.add_argument(
        "--knob",
        action="append",
        default=[],
        type=knob,
        metavar="NAME=VALUE",
        help="of a problem of the gallery, such as batch=64; several times for several",
    )
    made.add_argument(
        "--traceback", action="store_true", help="show where the function's module raised"
    )
    return made


def _add_quantity(made: Parser) -> None:
    made.add_argument(
        "--quantity",
        type=one_of(*QUANTITIES),
        default="jacobian",
        metavar="NAME",
        help=f"{', '.join(QUANTITIES)} (default: %(default)s)",
    )
    made.add_argument(
        "--vectors",
        type=count(1, LARGEST_COUNT),
        metavar="N",
        help="how many, for jmp, mjp and hvp (128, and 1 for hvp)",
    )
    made.add_argument(
        "--memory-limit",
        type=memory,
        metavar="2GB",
        help="what needs more by prediction is refused",
    )


def _add_measuring(made: Parser) -> None:
    made.add_argument(
        "--chunk-sizes", type=sizes, default=(8, 64, 256), metavar="8,64,256", help="to try"
    )
    made.add_argument("--no-jit", action="store_true", help="measure eager use")
    _add_device(made)
    made.add_argument(
        "--time-limit",
        type=seconds,
        default=60.0,
        metavar="60s",
        help="for all of it, compiling included (default: %(default)g s)",
    )
    made.add_argument("--json", action="store_true", help="write the study as JSON")
    made.add_argument(
        "--out",
        type=path_of(".json", ".csv"),
        metavar="FILE",
        help="write the study to a .json or .csv file besides",
    )
    _add_devices(made)


def _add_device(made: Parser) -> None:
    made.add_argument(
        "--device",
        metavar="cpu:0",
        help="where: a device, several as cpu:0-3, which share the work, or all (default: JAX's)",
    )


def _add_server(made: Parser, address: Any) -> None:
    made.add_argument(
        "--port", type=count(0, 65_535), default=5006, help="port (default: %(default)s)"
    )
    made.add_argument(
        "--address",
        type=address,
        default="localhost",
        help="address to listen on (default: %(default)s)",
    )
    made.add_argument(
        "--visits",
        type=count(1, 100_000),
        default=VISITS_AT_ONCE,
        metavar="N",
        help="how many at once; who comes later is told so (default: %(default)s)",
    )
    made.add_argument(
        "--origin",
        type=host,
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="a name that the page is reached by besides its address; may be given again",
    )
    _add_devices(made)
    made.add_argument("--show", action="store_true", help="open the page in a browser")


def _add_login(made: Parser) -> None:
    login = made.add_mutually_exclusive_group()
    login.add_argument(
        "--basic-auth",
        metavar="FILE",
        help="ask visitors for name and password: a JSON file of them; or for one password, given"
        " here, where other users of this machine may see it",
    )
    login.add_argument(
        "--oauth-provider",
        metavar="NAME",
        help="have visitors log in there, such as github; its key and secrets are read from Panel's"
        " variables, PANEL_OAUTH_KEY and others",
    )
    made.add_argument(
        "--allow-code",
        type=one_of("sandbox", "trusted"),
        metavar="HOW",
        help="run functions of those who have logged in: `sandbox`, each job in one of its own; or"
        " `trusted`, with all your rights",
    )


def _add_cluster(made: Parser) -> None:
    """Add where jobs run, if not on this machine."""
    made.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="have the workers of a Dask cluster do the work: its scheduler's address, such as"
        " tcp://node7:8786 or tls://node7:8786",
    )
    _add_tls(made)


def _add_workers(made: Parser) -> None:
    made.add_argument(
        "--workers", type=count(1, 64), default=2, metavar="N", help="how many (%(default)s)"
    )
    made.add_argument(
        "--memory-limit",
        type=memory,
        metavar="2GB",
        help="of each worker, and of each job on it (its share of this machine's)",
    )
    made.add_argument(
        "--port", type=count(0, 65_535), default=8786, help="of the scheduler (%(default)s)"
    )
    made.add_argument(
        "--address",
        default="127.0.0.1",
        help="address to listen on (%(default)s); whoever reaches it runs code as you, unless"
        " certificates keep them out",
    )
    _add_tls(made)
    _add_devices(made)


def _add_tls(made: Parser) -> None:
    for name, about in (
        ("ca", "the certificate of who signs those of the cluster, a file in PEM format"),
        ("cert", "our certificate"),
        ("key", "its key"),
    ):
        made.add_argument(f"--tls-{name}", metavar="FILE", help=about)


def _add_devices(made: Parser) -> None:
    made.add_argument(
        "--cpu-devices",
        type=count(1, 64),
        metavar="N",
        help="let JAX see N devices in this machine's CPU (default: as JAX does)",
    )
