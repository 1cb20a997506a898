"""What a server logs: to standard error, and in short what a stranger may have sent."""

from __future__ import annotations

import logging
import sys

from panel.io.logging import panel_log_handler
from tornado.iostream import StreamClosedError
from tornado.log import access_log
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClosedError

_LONGEST_LINE = 200
# They log what comes by a websocket and can't be read, whole and with a traceback.
_OF_MESSAGES = ("bokeh.server.protocol_handler", "bokeh.server.views.ws")


def log_to_stderr() -> None:
    """Have Panel log to standard error as all others do, and messages that can't be read in short.

    Nobody may read a server's standard output once it has said where it is: a pipe then fills, and
    who writes to it waits for ever.
    """
    panel_log_handler.setStream(sys.stderr)
    for name in _OF_MESSAGES:
        logging.getLogger(name).addFilter(_shorten)
    logging.getLogger("asyncio").addFilter(_is_news)


def log_briefly(handler: RequestHandler) -> None:
    """Log what was refused or failed, without what came along: it is long, or a secret."""
    status = handler.get_status()
    if status >= 400:
        path = handler.request.path.encode("ascii", "backslashreplace").decode()
        line = f"{status} {handler.request.method} {path}"
        (access_log.error if status >= 500 else access_log.warning)("%s", line[:_LONGEST_LINE])


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a record is of more than a visitor who left while a message was on its way."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, WebSocketClosedError | StreamClosedError)


def _shorten(record: logging.LogRecord) -> bool:
    """Leave one line of a record."""
    error = record.exc_info[1] if record.exc_info else None
    said = record.getMessage() if error is None else f"{type(error).__name__}: {error}"
    line = " ".join(said.split()).encode("ascii", "backslashreplace").decode()
    record.msg, record.args = line[:_LONGEST_LINE], ()
    record.exc_info = record.exc_text = None
    return True
