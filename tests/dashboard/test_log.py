"""What a server logs of a visitor who has left."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest
from tornado.websocket import WebSocketClosedError

from jacoscope_dashboard._log import _is_news


@pytest.mark.parametrize("error", [WebSocketClosedError(), RuntimeError("a bug")])
def test_who_has_left_is_no_news(
    error: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that nobody waits for fails; asyncio logs that when it is collected."""
    logger = logging.getLogger("asyncio")
    monkeypatch.setattr(logger, "filters", [_is_news])

    async def fail() -> None:
        raise error

    async def leave() -> None:
        asyncio.get_running_loop().create_task(fail())
        await asyncio.sleep(0)

    asyncio.run(leave())
    gc.collect()
    said = [record for record in caplog.records if record.name == "asyncio" and record.exc_info]
    assert bool(said) == isinstance(error, RuntimeError)
