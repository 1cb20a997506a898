"""A visitor without a browser: it opens the page, changes its controls, and hears the answers.

It speaks Bokeh's protocol over the page's own websocket, as the page's script does, and draws
nothing: a hundred of them fit on a laptop, where a hundred browsers do not. Whatever the server
sends is read, and the controls among it are kept by their labels.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import time
from collections.abc import Callable
from typing import Any, Self

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

PATIENCE_S = 60.0
_LARGEST = 2**28
_READY = {"type": "event", "name": "document_ready", "values": {}}
_TOKEN = re.compile(r'"token":"([^"]+)"')


class RefusedError(Exception):
    """The server took no visit.

    Attributes:
        status: What it answered with.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"The server answered {status}.")
        self.status = status


class Visitor:
    """One open page. Made by `arrive`; ends by `leave`, or when the server drops it.

    Attributes:
        controls: Label → what the server has said of that control; empty until it is drawn.
        gone: Whether the websocket is closed.
    """

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self.controls: dict[str, dict[str, Any]] = {}
        self.gone = False
        self._socket = socket
        self._numbers = itertools.count(1)
        greeted: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._replies = {"": greeted}  # the greeting comes first, and replies to nothing
        self._greeted = greeted
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def arrive(cls, address: str, query: str = "") -> Visitor:
        """Open the page of a server, and wait until its controls are there.

        Args:
            address: Of the server.
            query: What the page is told in its address, such as `?batch=64`.

        Raises:
            RefusedError: The server takes no more visits.
        """
        visitor = await cls.connect(address, await ask_token(f"{address}/{query}"))
        await visitor._tell("bokeh_event", _READY)
        await visitor.until(lambda: "Run" in visitor.controls)
        return visitor

    @classmethod
    async def connect(cls, address: str, token: str, path: str = "", **headers: str) -> Self:
        """Open the websocket of a page that was fetched, and take in what is on it.

        Args:
            address: Of the server.
            token: What the fetched page has for its websocket.
            path: Of the page, where it is not the server's root.
            headers: What is sent besides.
        """
        origin = address.rstrip("/")
        url = f"ws{origin.removeprefix('http')}{path}/ws"
        given = {"Origin": origin} | headers
        request = HTTPRequest(url, headers=given, request_timeout=PATIENCE_S)
        protocols = ["bokeh", token]
        visitor = cls(
            await websocket_connect(request, subprotocols=protocols, max_message_size=_LARGEST)
        )
        await visitor._greeted
        await visitor._ask("PULL-DOC-REQ", {})
        return visitor

    async def change(self, label: str, value: Any) -> float:
        """Give a control a value; return the seconds until the server acknowledged it."""
        control = self.controls[label]
        control["value"] = value
        model = {"id": control["data"]}
        change = {"kind": "ModelChanged", "model": model, "attr": "value", "new": value}
        return await self._patch(change)

    async def press(self, label: str) -> float:
        """Press a button; return the seconds until the server acknowledged it."""
        model = {"id": self.controls[label]["id"]}
        values = {"model": model, "node": "click", "data": {}}
        return await self._tell(
            "bokeh_event", {"type": "event", "name": "dom_event", "values": values}
        )

    @property
    def running(self) -> bool:
        """Whether a comparison of this visit is under way."""
        return bool(self.controls["Run"].get("disabled"))

    async def until(self, true: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Wait until something holds that depends on what the server says.

        Raises:
            TimeoutError: It did not, in time.
            ConnectionError: The server has dropped this visit.
        """
        async with asyncio.timeout(patience_s):
            while not true():
                if self.gone:
                    raise ConnectionError("The server has dropped this visit.")
                self._news.clear()
                await self._news.wait()

    async def leave(self) -> None:
        """Close the page, as a browser does whose window is closed."""
        self._socket.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reading, PATIENCE_S)

    async def _tell(self, kind: str, data: Any) -> float:
        return await self._patch({"kind": "MessageSent", "msg_type": kind, "msg_data": data})

    async def _patch(self, event: dict[str, Any]) -> float:
        start = time.perf_counter()
        await self._ask("PATCH-DOC", {"events": [event]})
        return time.perf_counter() - start

    async def _ask(self, kind: str, content: Any) -> None:
        """Send a message, and wait for its reply."""
        number = str(next(self._numbers))
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        if self.gone:
            raise ConnectionError("The server has dropped this visit.")
        for part in ({"msgid": number, "msgtype": kind}, {}, content):
            await self._socket.write_message(json.dumps(part))
        if await reply == "ERROR":
            raise ConnectionError(f"The server can't do {content}.")

    async def _read(self) -> None:
        """Take in what comes, to the end."""
        while (head := await self._socket.read_message()) is not None:
            header = json.loads(head)
            await self._socket.read_message()  # metadata
            content = await self._socket.read_message()
            for _ in range(2 * header.get("num_buffers", 0)):
                await self._socket.read_message()
            if content is None:
                break
            self._take(json.loads(content))
            reply = self._replies.pop(header.get("reqid", ""), None)
            if reply is not None and not reply.done():
                reply.set_result(header["msgtype"])
            self._news.set()
        self.gone = True
        self._news.set()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(ConnectionError("The server has dropped this visit."))

    def _take(self, content: Any) -> None:
        """Find controls in what came, and what has changed of those that are known."""
        by_data = {each["data"]: each for each in self.controls.values()}
        for part in _parts(content):
            attributes = part.get("attributes")
            if isinstance(attributes, dict) and isinstance(data := attributes.get("data"), dict):
                said = data.get("attributes", {})
                if "label" in said:
                    self.controls[said["label"]] = {**said, "id": part["id"], "data": data["id"]}
            elif part.get("kind") == "ModelChanged":
                control = by_data.get(part["model"]["id"])
                if control is not None:
                    control[part["attr"]] = part["new"]


async def ask_token(address: str) -> str:
    """Fetch a page, and return what its websocket has to show.

    Raises:
        RefusedError: The server takes no more visits.
    """
    status, text = await fetch(address)
    token = _TOKEN.search(text)
    if status != 200 or token is None:
        raise RefusedError(status)
    return token[1]


async def fetch(address: str) -> tuple[int, str]:
    """Get a page, and open no websocket; return the status and the text."""
    client = AsyncHTTPClient(force_instance=True)
    try:
        answer = await client.fetch(address, raise_error=False, request_timeout=PATIENCE_S)
    finally:
        client.close()
    return answer.code, answer.body.decode(errors="replace")


def _parts(value: Any) -> list[dict[str, Any]]:
    """Return every dictionary in what was sent, the outer ones first."""
    found: list[dict[str, Any]] = []
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            found.append(each)
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
    return found
