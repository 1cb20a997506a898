"""The files of packages that a browser asks for, by whatever path somebody writes.

Bokeh and Panel serve what packages hold and nothing beside it. But they fail, with a traceback in
the log, over a path that no file can have; and Panel imports whatever module a path names.
"""

from __future__ import annotations

import sys
from typing import Any

from panel.io.server import ComponentResourceHandler
from tornado.web import Application, HTTPError, StaticFileHandler


def guard_files(application: Application) -> None:
    """Have a server look at the path of a file before it serves the file."""
    for rule in application.wildcard_router.rules:
        target: Any = rule.target
        if isinstance(target, type) and issubclass(target, StaticFileHandler):
            gate = _Component if issubclass(target, ComponentResourceHandler) else _Plain
            guarded: Any = type(target.__name__, (gate, target), {})
            rule.target = guarded


class _Plain(StaticFileHandler):
    """Serves a file if its path can be one."""

    async def prepare(self) -> None:
        done: Any = super().prepare()
        if done is not None:
            await done
        if not all(each.isprintable() for each in self.path_args):
            raise HTTPError(404)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what fails; what is refused has its line, without all of its path."""
        if not isinstance(value, HTTPError):
            super().log_exception(typ, value, tb)


class _Component(_Plain):
    """Serves a file of a component that this process has imported for a page."""

    def parse_url_path(self, url_path: str) -> str:
        """Return the file of a component's path."""
        if url_path.partition("/")[0] not in sys.modules:
            raise HTTPError(404)
        try:
            return super().parse_url_path(url_path)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise HTTPError(404) from error  # of something that lists no files
