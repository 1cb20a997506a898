"""The connector: a small process of our own between the caller and a Dask cluster.

A client of Dask unpickles what workers and the scheduler send, which runs code of theirs. This
process refuses to, and hands on plain data: the caller's process has no part of Dask in it. Orders
come in on standard input and answers go out on standard output, as with the launcher.

Run by `DaskRunner` as `python -m jacoscope.run._connector`; the first order is the address of the
scheduler, and the security of the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from typing import Any, BinaryIO

from ._dispatch import Dispatcher
from ._job import Job
from ._no_pickle import refuse_pickles
from ._wire import pack, read_frame, unpack, write_frame

_PATIENCE_S = 3.0


def main() -> None:
    """Serve orders until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, whose end ends this
    orders = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)  # where Dask prints what workers ask it to
    refuse_pickles()
    logging.disable()  # of Dask, which writes what is said to the caller in a sentence
    with contextlib.suppress(BrokenPipeError):  # the caller has gone
        asyncio.run(_serve(orders, answers))
    os._exit(0)  # Dask's threads may wait for a scheduler that has gone


async def _serve(orders: BinaryIO, answers: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def read() -> None:
        while (frame := read_frame(orders)) is not None:
            loop.call_soon_threadsafe(arrived.put_nowait, unpack(frame))
        loop.call_soon_threadsafe(arrived.put_nowait, None)

    def send(message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            write_frame(answers, pack(message))

    threading.Thread(target=read, daemon=True).start()
    first = await arrived.get()
    if first is None:
        return
    dispatcher = Dispatcher(first["address"], first["security"], send)
    serving = asyncio.create_task(dispatcher.serve())
    while (order := await _next(arrived, serving)) is not None:
        if "cancel" in order:
            dispatcher.cancel(order["cancel"])
        else:
            dispatcher.add(order["ticket"], Job(**order["job"]))
    last_resort = threading.Timer(_PATIENCE_S, os._exit, (1,))  # should the scheduler be stuck
    last_resort.daemon = True
    last_resort.start()
    serving.cancel()
    await dispatcher.close()


async def _next(
    arrived: asyncio.Queue[dict[str, Any] | None], serving: asyncio.Task[None]
) -> dict[str, Any] | None:
    """Wait for the next order; if the dispatcher fails meanwhile, so does this process."""
    waiting = asyncio.ensure_future(arrived.get())
    done, _ = await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
    if serving in done:
        serving.result()
    return await waiting


if __name__ == "__main__":
    sys.exit(main())
