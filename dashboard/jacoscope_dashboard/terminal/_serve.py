"""`serve` and `explore`: the page, as the command line has it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any


def serve_page(given: argparse.Namespace, target: Mapping[str, Any] | None = None) -> int:
    """Serve the page until interrupted; return the exit code.

    Args:
        given: What the command line said.
        target: What the page begins with; None for the gallery.
    """
    from .._server import serve

    return serve(
        given.address,
        given.port,
        show=given.show,
        visits=given.visits,
        origins=given.origin,
        target=target,
    )
