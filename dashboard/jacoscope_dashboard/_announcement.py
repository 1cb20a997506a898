"""What a server says at its start: where it is, who may come in, and whose code it runs."""

from __future__ import annotations

from collections.abc import Iterable

from jacoscope.run import DaskRunner

from ._admission import EVERYWHERE
from ._login import Login
from ._policy import Code
from ._reading import is_loopback

_TRUSTED = """for all who have logged in, WITH ALL THE RIGHTS OF WHOEVER STARTED
    THIS SERVER: they can read and change all that you can"""
_IN_CLEAR = """  Passwords and cookies come in clear text: have a proxy with TLS in front
    (docs/deployment.md)."""

_OPEN = """  Its connections are neither encrypted nor asked for a certificate: whoever reaches the
    scheduler runs code on the workers (docs/cluster.md)."""


def announcement(
    root: str,
    best: str,
    address: str,
    pages: Iterable[str],
    visits: int,
    login: Login | None,
    code: Code | None,
    cluster: DaskRunner | None = None,
) -> str:
    """Return what is said.

    Args:
        root: The page.
        best: The link that opens the editor, or the page again where there is none.
        address: What is listened on.
        pages: Hosts of the pages that may connect.
        visits: How many at once.
        login: How visitors log in.
        code: How code of theirs runs.
        cluster: Where jobs run; None for this machine.
    """
    lines = [f"Jacoscope is at {root}"]
    if best != root:
        lines.append(f"With your own functions, for you alone: {best}")
    lines.append(f"  Visits: {visits} at once.")
    lines.append(f"  Pages that may connect: {', '.join(sorted(pages))}.")
    if address in EVERYWHERE:
        port = root.rpartition(":")[2]
        lines.append(f"  Reached by another name? Add it: `--origin NAME:{port}`.")
    lines.append(f"  Who may come in: {'everyone' if login is None else login.who}.")
    if login is not None and not is_loopback(address):
        lines.append(_IN_CLEAR)
    if cluster is not None:
        lines.append(f"  Jobs run on the workers of the Dask scheduler at {cluster.address}.")
        if cluster.address.startswith("tcp:"):
            lines.append(_OPEN)
    lines.append(f"  Code that is typed on the page runs: {_whose(best != root, code)}.")
    return "\n".join(lines) + "\n"


def _whose(linked: bool, code: Code | None) -> str:
    match code:
        case "trusted":
            return _TRUSTED
        case "sandbox":
            return "for all who have logged in, each job in a sandbox of its own"
        case None:
            return "for who opened the second link, and nobody else" if linked else "never"
