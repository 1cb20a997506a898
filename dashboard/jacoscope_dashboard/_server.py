"""Serves the page, with the workers under way before the first visitor comes."""

from __future__ import annotations

import contextlib
import secrets
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

import panel as pn
from panel.io.server import Server
from tornado.ioloop import PeriodicCallback

from jacoscope.run import (
    DaskRunner,
    Job,
    LaunchedRunner,
    local_runner,
    sandbox_faults,
    sandbox_runner,
)

from . import _ui as ui
from ._admission import (
    EVERYWHERE,
    LOOK_MS,
    VISITS,
    Alive,
    own_origins,
    shut,
    with_ports,
)
from ._announcement import announcement
from ._browser import query_here
from ._explorer import Explorer
from ._files import guard_files
from ._garbage import LOOK_MS as GARBAGE_MS
from ._garbage import Garbage
from ._jobs import Apart, Runner
from ._log import log_briefly, log_to_stderr
from ._login import Login, lock
from ._page import page
from ._policy import Code, Key, Policy, policy_of_visit
from ._reading import is_loopback
from ._rehearsal import rehearse
from ._unlock import link, pattern
from ._upstream import (
    look_up_resources_once,
    look_up_styles_once,
    skip_defaults,
)
from .terminal._values import VISITS_AT_ONCE

_NO_SANDBOX = "Code of visitors can't be kept in a sandbox here, so this server does not start:\n"
_ALIVE = "/liveness"
_NICENESS = 5  # of the workers: a click is answered first
_LARGEST_MESSAGE = 8_000_000  # bytes; a part of a file is 1.4 MB, and the longest code 1.2 MB
_LARGEST_BODY = 100_000  # of a request: a page asks for things, and sends nothing along


def serve(
    address: str,
    port: int,
    *,
    show: bool = False,
    visits: int = VISITS_AT_ONCE,
    origins: Sequence[str] = (),
    target: Mapping[str, Any] | None = None,
    login: Login | None = None,
    code: Code | None = None,
    cluster: DaskRunner | None = None,
) -> int:
    """Serve the page until interrupted; return the exit code.

    Args:
        address: What to listen on.
        port: Where; 0 is any free port.
        show: Whether to open a browser.
        visits: How many at once; who comes when all are taken is told so, with status 503.
        origins: Hosts, with ports, that the page is reached at besides its own address.
        target: What the page begins with, of `function_target` or `problem_target`; None for the
            gallery's first problem.
        login: How visitors log in; None lets everyone in.
        code: How code is run that those who have logged in type; None runs none but that of who
            opened the second link, on loopback.
        cluster: Where jobs run; None for this machine's workers.
    """
    runners: list[LaunchedRunner] = [cluster or local_runner()]
    if code == "sandbox":
        faults = sandbox_faults()
        if faults:
            sys.stderr.write(_NO_SANDBOX + "".join(f"  {each}\n" for each in faults))
            return 1
        runners.append(sandbox_runner())
    for each in runners:
        each.niceness = _NICENESS
        each.submit(Job("devices"))
    runner = runners[0] if len(runners) == 1 else Apart(*runners)
    log_to_stderr()
    skip_defaults()
    look_up_resources_once()
    look_up_styles_once(ui.MaterialDesign)
    garbage = Garbage(lambda: any(each.busy for each in runners))
    shut()
    rehearse()  # while the workers start
    garbage.take_over()
    types = target is None or target["kind"] == "problem"  # else the page is on one function
    users = login is not None and code is not None
    key = Key.new() if types and not users and is_loopback(address) else None

    def visit() -> Explorer:
        return explorer_of(target, policy_of_visit(key, users=users), runner)

    try:
        made = pn.serve(
            {"/": lambda: page(visit())},
            title="Jacoscope",
            address=address,
            port=port,
            show=False,
            start=False,
            extra_patterns=[(_ALIVE, Alive), *([] if key is None else [pattern(key)])],
            location=False,
            verbose=False,
            **_guarded(visits),
            **({} if login is None else login.settings),
        )
    except OSError as error:
        sys.stderr.write(f"Can't listen on {address}:{port}: {error.strerror}.\n")
        return 1
    server = cast(Server, made)
    guard_files(server._tornado)
    server.io_loop.add_callback(PeriodicCallback(garbage.look, GARBAGE_MS).start)
    port = cast(int, server.port)
    pages = own_origins(address, port) | with_ports(origins)
    server._tornado.websocket_origins.update(pages)
    if login is not None:
        lock(server._tornado)
    host = "localhost" if address in EVERYWHERE else address
    root = f"http://{host}:{port}"
    best = root if key is None else link(root, key)
    sys.stdout.write(announcement(root, best, address, pages, visits, login, code, cluster))
    sys.stdout.flush()
    if show:
        webbrowser.open(best)
    with contextlib.suppress(KeyboardInterrupt), contextlib.redirect_stdout(sys.stderr):
        server.run_until_shutdown()
    return 0


def _guarded(visits: int) -> dict[str, Any]:
    """Return the settings of a server that strangers may reach."""
    return {
        "secret_key": secrets.token_bytes(32),
        "sign_sessions": True,
        "xsrf_cookies": True,
        "log_function": log_briefly,
        "check_unused_sessions_milliseconds": LOOK_MS,
        "websocket_max_message_size": _LARGEST_MESSAGE,
        "http_server_kwargs": {"max_body_size": _LARGEST_BODY},
        VISITS: visits,
    }


def explorer_of(
    target: Mapping[str, Any] | None,
    policy: Policy | None = None,
    runner: Runner | None = None,
) -> Explorer:
    """Return the explorer of a visit: on a function, or on a problem unless the address names one.

    Args:
        target: As for `serve`.
        policy: Whether code that the visitor types may run.
        runner: Where jobs run; None for this machine's worker processes.
    """
    query = query_here()
    match target:
        case None:
            return Explorer(runner=runner, policy=policy, query=query)
        case {"kind": "problem", "name": name, "knobs": knobs}:
            named = urlencode({"problem": name, **knobs})
            return Explorer(runner=runner, policy=policy, query=query or named)
        case _:
            return Explorer(own=target, runner=runner, policy=policy, query=query)
