"""Serves the page, with the workers under way before the first visitor comes."""

from __future__ import annotations

import sys
import webbrowser
from typing import cast

import panel as pn
from panel.io.server import Server

from jacoscope.run import Job, local_runner

from . import _ui as ui
from ._open import explore
from ._page import page
from ._policy import Key, policy_of_visit
from ._rehearsal import rehearse
from ._unlock import is_loopback, link, pattern
from ._upstream import (
    collect_when_quiet,
    look_up_resources_once,
    look_up_styles_once,
    skip_defaults,
)

_NICENESS = 5  # of the workers: a click is answered first


def serve(address: str, port: int, *, show: bool = False) -> int:
    """Serve the page until interrupted; return the exit code.

    Args:
        address: What to listen on.
        port: Where; 0 is any free port.
        show: Whether to open a browser.
    """
    runner = local_runner()
    runner.niceness = _NICENESS
    runner.submit(Job("devices"))
    skip_defaults()
    look_up_resources_once()
    look_up_styles_once(ui.MaterialDesign)
    collect_when_quiet(lambda: runner.busy)
    rehearse()  # while the workers start
    key = Key.new() if is_loopback(address) else None
    try:
        made = pn.serve(
            {"/": lambda: page(explore(policy=policy_of_visit(key)))},
            title="Jacoscope",
            address=address,
            port=port,
            show=False,
            start=False,
            extra_patterns=[] if key is None else [pattern(key)],
            location=False,
            verbose=False,
        )
    except OSError as error:
        sys.stderr.write(f"Can't listen on {address}:{port}: {error.strerror}.\n")
        return 1
    server = cast(Server, made)
    host = "localhost" if address in ("0.0.0.0", "::", "") else address
    root = f"http://{host}:{server.port}"
    best = root if key is None else link(root, key)
    sys.stdout.write(f"Jacoscope is at {root}\n")
    if key is not None:
        sys.stdout.write(f"With your own functions, for you alone: {best}\n")
    sys.stdout.flush()
    if show:
        webbrowser.open(best)
    try:
        server.run_until_shutdown()
    except KeyboardInterrupt:
        return 0
    return 0
