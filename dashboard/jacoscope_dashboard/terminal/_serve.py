"""`serve` and `explore`: the page, as the command line has it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._cluster import cluster_of
from ._errors import CommandLineError

if TYPE_CHECKING:
    from .._login import Login

_NO_LOGIN = (
    "`--allow-code` goes with a login only: give `--basic-auth` or `--oauth-provider`, too. Without"
    " one your own functions run by the second link that the server prints."
)
_NO_SANDBOX = (
    "`--allow-code=sandbox` does not go with `--scheduler`: the sandbox is of this machine, and the"
    " workers of a cluster have none."
)


def serve_page(given: argparse.Namespace, target: Mapping[str, Any] | None = None) -> int:
    """Serve the page until interrupted; return the exit code.

    Args:
        given: What the command line said.
        target: What the page begins with; None for the gallery.
    """
    from .._server import serve

    try:
        login, code = _login(given), getattr(given, "allow_code", None)
        if code is not None and login is None:
            raise CommandLineError(_NO_LOGIN)
        cluster = cluster_of(given)
        if cluster is not None and code == "sandbox":
            raise CommandLineError(_NO_SANDBOX)
    except CommandLineError as error:
        sys.stderr.write(f"jacoscope {given.command}: error: {error}\n")
        return 2
    return serve(
        given.address,
        given.port,
        show=given.show,
        visits=given.visits,
        origins=given.origin,
        target=target,
        login=login,
        code=code,
        cluster=cluster,
    )


def _login(given: argparse.Namespace) -> Login | None:
    from .._login import basic_login, oauth_login

    for option, read in (("basic_auth", basic_login), ("oauth_provider", oauth_login)):
        text = getattr(given, option, None)
        if text is not None:
            try:
                return read(text)
            except ValueError as error:
                raise CommandLineError(f"`--{option.replace('_', '-')}` {error}.") from error
    return None
