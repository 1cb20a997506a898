"""The launcher: a small process of our own between the caller and the workers.

The caller's script is never imported here or in a worker, whatever started it. Orders come in on
standard input and answers go out on standard output, both as plain data; when the input ends,
because the caller has ended, however abruptly, the workers end too.

Run by `LocalRunner` as `python -m jacoscope.run._launcher FOLDER NICENESS CONFINES MEMORY`: where
large functions are, removed at the end; by how much the workers stand back; what a job may take, in
a sandbox of its own, in JSON; `null` for no sandboxes; and how many bytes of memory it may take,
`null` for what is free.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import sys
import threading
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any, BinaryIO, get_args

from ._confines import Confines
from ._job import Job
from ._job import Lane as LaneName
from ._lane import Lane
from ._spool import remove
from ._wire import LONGEST, NONSENSE, pack, read_frame, unpack, write_frame

_NOT_HERE = (
    "Worker processes can't be started here: {}. They need a folder for temporary files, and"
    " semaphores, which Linux keeps in /dev/shm."
)
_PATIENCE_S, _BREATH_S = 3.0, 0.005
_AUTOGROUP = Path("/proc/self/autogroup")


def main() -> None:
    """Serve orders until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, whose end ends this
    _stand_back(int(sys.argv[2]))
    orders = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)  # a worker that reads or prints must not touch the caller's pipes
    os.dup2(nothing, 1)
    try:
        _serve(orders, answers)
    except BrokenPipeError:
        pass  # the caller has gone
    except OSError as error:
        with contextlib.suppress(OSError):
            write_frame(answers, pack({"ended": _NOT_HERE.format(error.strerror or error)}))


def _stand_back(niceness: int) -> None:
    """Let others have the processors first, for this process and for all workers."""
    if not niceness or not hasattr(os, "nice"):
        return
    os.nice(niceness)
    with contextlib.suppress(OSError):  # Linux shares between sessions before it looks at processes
        _AUTOGROUP.write_text(str(niceness))


def _serve(orders: BinaryIO, answers: BinaryIO) -> None:
    writing = threading.Lock()

    def send(message: dict[str, Any]) -> None:
        with writing, contextlib.suppress(BrokenPipeError):  # the end of the orders ends it all
            write_frame(answers, pack(message))

    secret = secrets.token_bytes(32)
    with Listener(authkey=secret) as listener:
        given = json.loads(sys.argv[3])
        confines = Confines(**given) if given else None
        memory_bytes = json.loads(sys.argv[4])
        lanes = {
            name: Lane(listener.address, secret, send, name, confines, memory_bytes)
            for name in get_args(LaneName)
        }
        closing = threading.Event()
        threading.Thread(target=_accept, args=(listener, lanes, closing), daemon=True).start()
        try:
            while (frame := read_frame(orders)) is not None:
                order = unpack(frame)
                if "cancel" in order:
                    for lane in lanes.values():
                        lane.cancel(order["cancel"])
                else:
                    job = Job(**order["job"])
                    lanes[job.lane].add(order["ticket"], job)
        finally:
            closing.set()
            remove(sys.argv[1])
            last_resort = threading.Timer(_PATIENCE_S, os._exit, (1,))  # should one be stuck
            last_resort.daemon = True
            last_resort.start()
            for lane in lanes.values():
                lane.close()


def _accept(listener: Listener, lanes: dict[str, Lane], closing: threading.Event) -> None:
    """Take in workers until the end, whatever becomes of one of them while it knocks."""
    while not closing.is_set():
        try:
            connection = listener.accept()
        except Exception:  # noqa: BLE001 (a stranger, or a worker killed while it knocked)
            closing.wait(_BREATH_S)
            continue
        threading.Thread(target=_listen, args=(connection, lanes), daemon=True).start()


def _listen(connection: Connection, lanes: dict[str, Lane]) -> None:
    """Pass on what one worker sends for one job, until it closes or dies."""
    ticket = lane = None
    with connection:
        try:
            hello = unpack(connection.recv_bytes(LONGEST))
            for lane in lanes.values():
                ticket = lane.running(hello["call"])
                if ticket is not None:
                    break
            if ticket is None or lane is None:
                return  # cancelled meanwhile
            lane.hear(ticket, hello)
            while True:
                lane.hear(ticket, unpack(connection.recv_bytes(LONGEST)))
        except (EOFError, OSError):
            pass  # closed, or killed in the middle of a message
        except NONSENSE:
            if ticket is not None and lane is not None:
                lane.distrust(ticket)
        finally:
            if ticket is not None:
                ticket.drained.set()


if __name__ == "__main__":
    sys.exit(main())
