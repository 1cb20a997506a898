"""Pages that are closed: their work ends, and nothing of them stays in the server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from load.visitor import Visitor, ask_token
from tests.served import Served, started

# After which nothing of a closed page may be left: ten seconds, with a margin for a busy machine.
# Bokeh by itself takes fifteen and more.
GONE_S = 13.0
SCRIPT = Path(__file__).with_name("inspected_server.py")
AWAY_S = 7.0  # longer than a page may be away
VISITS = 20
PATIENCE_S = 240.0  # for a comparison on a busy machine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = started((), tmp_path_factory.mktemp("server") / "log", (str(SCRIPT),))
    yield served
    served.process.terminate()
    served.process.communicate(timeout=60)


def look(server: Served) -> dict[str, Any]:
    """Return what is alive in the server."""
    process = server.process
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


async def seen(server: Served, true: Callable[[dict[str, Any]], bool], within_s: float) -> Any:
    """Look until what is seen is as wanted; fail where it is not, in time."""
    end = time.monotonic() + within_s
    while not true(there := await asyncio.to_thread(look, server)):
        assert time.monotonic() < end, there
        await asyncio.sleep(0.25)
    return there


async def arrive(server: Served, pages: AsyncExitStack, query: str = "") -> Visitor:
    """Open a page, which is closed when the test ends, if it has not been before."""
    visitor = await Visitor.arrive(address(server), query)
    pages.push_async_callback(visitor.leave)
    return visitor


def address(server: Served) -> str:
    return f"http://localhost:{server.port}"


def test_the_jobs_of_a_closed_page_are_gone(server: Served) -> None:
    async def close_one() -> None:
        async with AsyncExitStack() as pages:
            leaves, stays = [await arrive(server, pages) for _ in range(2)]
            await seen(server, lambda there: there["drawn"] == ["ok", "ok"], 60)
            await seen(server, lambda there: there["jobs"] == 0, 60)
            await leaves.change("Batch size", "2048")
            await leaves.press("Run")
            await seen(server, lambda there: "busy" in there["compared"], 60)
            await leaves.leave()
            left = {"jobs": 0, "compared": ["empty"]}
            await seen(server, lambda there: {**there, **left} == there, GONE_S)
            await stays.change("Batch size", "6")
            await seen(server, lambda there: there["drawn"] == ["ok"], 60)

    asyncio.run(close_one())


def test_a_page_that_comes_back_at_once_is_the_same(server: Served) -> None:
    async def come_back() -> None:
        async with AsyncExitStack() as pages:
            token = await ask_token(address(server))
            there = await seen(server, lambda there: len(there["visits"]) == 1, GONE_S)
            for _ in range(2):
                visitor = await Visitor.connect(address(server), token)
                pages.push_async_callback(visitor.leave)
                await visitor.leave()
                await asyncio.sleep(2)
            visitor = await Visitor.connect(address(server), token)
            pages.push_async_callback(visitor.leave)
            await asyncio.sleep(AWAY_S)
            assert not visitor.gone
            assert (await asyncio.to_thread(look, server))["visits"] == there["visits"]

    asyncio.run(come_back())


def test_nothing_stays_of_visits(server: Served) -> None:
    async def come_and_go() -> dict[str, Any]:
        async with AsyncExitStack() as pages:
            visitors = [await arrive(server, pages) for _ in range(VISITS)]
            for number, each in enumerate(visitors):
                await each.change("Batch size", str(3 + number))
            await visitors[0].press("Run")
            await visitors[0].until(lambda: visitors[0].running)
        return await seen(server, lambda there: not any(there["alive"].values()), GONE_S)

    before = asyncio.run(come_and_go())
    after = asyncio.run(come_and_go())
    assert after["rss"] <= 1.1 * before["rss"], (before, after)
    assert "Traceback" not in server.log.read_text()


def test_nothing_stays_of_a_comparison_that_was_shown(server: Served) -> None:
    async def compare_and_go() -> None:
        async with AsyncExitStack() as pages:
            visitor = await arrive(server, pages, "?tab=Compare&batch=64&time_limit=600")
            await visitor.press("Run")
            await visitor.until(lambda: "Code of" in visitor.controls, PATIENCE_S)
            await visitor.until(lambda: not visitor.running, PATIENCE_S)
        await seen(server, lambda there: not any(there["alive"].values()), GONE_S)

    asyncio.run(compare_and_go())
