"""Nobody's code runs where it may not: what runs it where it may is tried elsewhere.

The attacker speaks Bokeh's protocol: a browser's page hinders nobody from sending what it does not
offer. Every string of every model is set to the code, everything that can be pressed is pressed,
and every message that the page's own parts send is sent with the code in it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from jacoscope_dashboard._link import fragment_of
from load.visitor import Visitor
from tests.security.conftest import Proxied
from tests.served import Served, under_panel_serve

Serving = Callable[..., Served]
CODE = """from pathlib import Path
Path({marker!r}).touch()
import jax.numpy as jnp
x = jnp.ones(3)
def f(x):
    return x * x.sum()
"""
PRESSES = ("click", "enter", "change", "upload")


class Attacker(Visitor):
    """A visitor who knows every model of the page."""

    def __init__(self, *given: Any) -> None:
        self.models: dict[str, dict[str, Any]] = {}
        self.told = False  # that the code has run, and failed
        super().__init__(*given)

    def _take(self, content: Any) -> None:
        self.told |= "of the code raised" in json.dumps(content)
        left = [content]
        while left:
            each = left.pop()
            if isinstance(each, dict):
                left.extend(each.values())
                if isinstance(said := each.get("attributes"), dict) and "id" in each:
                    self.models.setdefault(each["id"], {}).update(said)
            elif isinstance(each, list):
                left.extend(each)
        super()._take(content)

    async def attack(self, code: str) -> None:
        """Try every way."""
        await self.tell("bokeh_event", {"type": "event", "name": "document_ready", "values": {}})
        await asyncio.sleep(2.0)  # the drawer's controls come after the page
        await self.send(code)
        await self.press_all()
        await self.set_all(code)
        await self.press_all()
        await self._ask("PULL-DOC-REQ", {})  # by its answer all of the above has been handled

    async def send(self, code: str) -> None:
        """Type the code where it is typed, and say what the page's own scripts say."""
        fragment = fragment_of({"source": code, "shape": "", "dtype": "float32"})
        for model, said in list(self.models.items()):
            if "source" in said:
                await self.put(model, "source", code)
            if "fragment" in said:
                await self.put(model, "fragment", f"#{fragment}")
        for message in ("use", "there", {"draft": fragment}, {"source": code}, code):
            for model in list(self.models):
                await self.event(model, "data_event", data=message)

    async def set_all(self, code: str) -> None:
        """Set every text and every value to the code, to a file of it, or to one's own function."""
        fragment = fragment_of({"source": code, "shape": "", "dtype": "float32"})
        encoded = base64.b64encode(code.encode()).decode()
        own = {"value": "your_function", "search": "?problem=your_function", "own": "x" * 16}
        for model, said in list(self.models.items()):
            for name, old in list(said.items()):
                if old is None or isinstance(old, str):
                    new = {"fragment": f"#{fragment}", "filename": "f.py", **own}.get(name, code)
                    await self.put(model, name, new)
            if "filename" in said:
                await self.put(model, "value", encoded)

    async def press_all(self) -> None:
        for model in list(self.models):
            await self.event(model, "button_click")
            for node in PRESSES:
                await self.event(model, "dom_event", node=node, data={})

    async def put(self, model: str, name: str, value: Any) -> None:
        change = {"kind": "ModelChanged", "model": {"id": model}, "attr": name, "new": value}
        await self.patch(change)

    async def event(self, model: str, name: str, **values: Any) -> None:
        given = {"model": {"id": model}, **values}
        await self.tell("bokeh_event", {"type": "event", "name": name, "values": given})

    async def tell(self, kind: str, data: Any) -> None:
        await self.patch({"kind": "MessageSent", "msg_type": kind, "msg_data": data})

    async def patch(self, event: dict[str, Any]) -> None:
        """Send, and wait for no answer: the server refuses most of it."""
        for part in ({"msgid": "x", "msgtype": "PATCH-DOC"}, {}, {"events": [event]}):
            await self._socket.write_message(json.dumps(part))


def attacked(
    server: Served, marker: Path, path: str = "", wait_s: float = 0.0, **headers: str
) -> Attacker:
    """Attack a page with code that makes a file, in its address, its websocket and its link.

    Stays for so long, unless the page says that the code has run.
    """
    code = CODE.format(marker=str(marker))
    query = f"{path}/?problem=your_function&code={quote(code)}&own={quote(code)}"
    page = server.get(query, **headers).text
    token = re.search(r'"token":"([^"]+)"', page)
    assert token is not None

    async def attack() -> Attacker:
        address = f"http://localhost:{server.port}"
        made = await Attacker.connect(address, token[1], path, **headers)
        await made.attack(code)
        with contextlib.suppress(TimeoutError):
            await made.until(lambda: made.told, wait_s)
        await made.leave()
        return made

    return asyncio.run(attack())


@pytest.fixture(scope="module")
def until_it_ran_s(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long the code takes to run after the attack, on the page of who may run it."""
    marker = tmp_path_factory.mktemp("allowed") / "ran"
    server = serving()
    link = re.search(r"/own\?token=\S+", server.said)
    assert link is not None
    opened = server.get(link[0])
    name = opened.cookies[0].partition("=")[0]
    attacked(server, marker, Cookie=opened.cookie(name))
    start = time.monotonic()
    while not marker.exists():
        assert time.monotonic() < start + 120, server.log.read_text()
        time.sleep(0.01)
    return time.monotonic() - start


@pytest.fixture
def refused(until_it_ran_s: float, tmp_path: Path) -> Callable[..., None]:
    """Attacks a server, and sees that the code does not run in more than the time it takes."""

    def refused(server: Served, path: str = "", **headers: str) -> None:
        marker = tmp_path / "ran"
        made = attacked(server, marker, path, 0.0, **headers)
        assert len(made.models) > 100
        time.sleep(2 + 2 * until_it_ran_s)
        assert not marker.exists()

    return refused


@pytest.fixture(scope="module")
def under_panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`panel serve dashboard/app.py`, as it is."""
    with under_panel_serve(tmp_path_factory.mktemp("panel") / "log") as served:
        yield served


def test_not_without_the_link(serving: Serving, refused: Callable[..., None]) -> None:
    refused(serving())


def test_not_from_another_machine(serving: Serving, refused: Callable[..., None]) -> None:
    refused(serving("--address", "0.0.0.0"))


def test_not_for_who_has_only_logged_in(serving: Serving, refused: Callable[..., None]) -> None:
    """A login alone allows nothing: `--allow-code` does."""
    server = serving("--basic-auth", "one for all of us", "--address", "0.0.0.0")
    refused(server, Cookie=server.log_in("", "one for all of us").cookie("user"))


def test_not_under_panel_serve(under_panel: Served, refused: Callable[..., None]) -> None:
    refused(under_panel, path="/app")


def test_not_through_a_proxy_on_loopback(
    proxied: tuple[Proxied, ...], refused: Callable[..., None]
) -> None:
    """To the server everybody comes from this machine then, and from the page that they say."""
    origin = re.search(r"http://localhost:[0-9]+", proxied[1].said)
    assert origin is not None
    refused(proxied[1], Origin=origin[0])


def test_it_is_logged_in_short_and_on_standard_error(
    serving: Serving, until_it_ran_s: float
) -> None:
    """Whoever reads a server's output no longer makes it wait."""
    server = serving()
    assert until_it_ran_s > 0, "it has been attacked"
    lines = server.log.read_text().splitlines()
    assert sum("protocol_handler" in line for line in lines) > 100
    assert max(map(len, lines)) < 400
    said = server.process.stdout
    assert said is not None
    assert select.select([said], [], [], 0)[0] == []


def test_in_a_sandbox_it_reaches_nothing(
    serving: Serving, until_it_ran_s: float, tmp_path: Path
) -> None:
    """It runs there, and says that it could not make its file."""
    server = serving("--basic-auth", "one for all of us", "--allow-code", "sandbox")
    cookie = server.log_in("", "one for all of us").cookie("user")
    marker = tmp_path / "ran"
    made = attacked(server, marker, wait_s=60 + 10 * until_it_ran_s, Cookie=cookie)
    assert made.told
    assert not marker.exists()
