"""Something done after a while: by the event loop where there is one, else on a thread."""

from __future__ import annotations

import asyncio
from threading import Event, current_thread, main_thread

from jacoscope_dashboard._jobs import after


def test_on_an_event_loop_no_thread_is_started() -> None:
    threads: list[object] = []

    async def wait() -> None:
        done = asyncio.Event()

        def work() -> None:
            threads.append(current_thread())
            done.set()

        after(0.01, work)
        await asyncio.wait_for(done.wait(), 10)

    asyncio.run(wait())
    assert threads == [main_thread()]


def test_without_a_loop_a_thread_does_it() -> None:
    done, threads = Event(), []

    def work() -> None:
        threads.append(current_thread())
        done.set()

    after(0.01, work)
    assert done.wait(10)
    assert threads[0] is not main_thread()
