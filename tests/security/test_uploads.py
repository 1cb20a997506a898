"""Who sends too much: that connection is closed, no memory is taken, and others go on."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest

from jacoscope_dashboard._upload import FileInput
from tests.served import Served

Serving = Callable[..., Served]
MB = 1_000_000
GB = 1_000 * MB
ON_ITS_WAY = 8 * MB  # of what was sent may be in the system's hands
SOON = 10 * MB + ON_ITS_WAY  # by when a server that takes 8 MB has closed
PART = bytes(MB)
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"


def _frame(kind: int, length: int) -> bytes:
    """Return the head of a frame of a websocket, with a mask of zeros."""
    return struct.pack("!BBQ4x", kind, 255, length)


def _one_message() -> Iterator[bytes]:
    yield _frame(0x81, GB)
    for _ in range(GB // MB):
        yield PART


def _in_fragments() -> Iterator[bytes]:
    for n in range(GB // MB):
        yield _frame(0x00 if n else 0x01, MB)
        yield PART


def _of_known_length() -> Iterator[bytes]:
    yield POST + b"Content-Length: %d\r\n\r\n" % GB
    for _ in range(GB // MB):
        yield PART


def _in_chunks() -> Iterator[bytes]:
    yield POST + b"Transfer-Encoding: chunked\r\n\r\n"
    for _ in range(GB // MB):
        yield b"%x\r\n%s\r\n" % (MB, PART)


def _sent(connection: socket.socket, parts: Iterator[bytes]) -> int:
    """Send what there is, and return how much went before the other end closed."""
    sent = 0
    try:
        for part in parts:
            connection.sendall(part)
            sent += len(part)
    except ConnectionError:
        return sent
    return sent


@pytest.mark.parametrize("way", [_one_message, _in_fragments])
def test_a_gigabyte_in_a_message(serving: Serving, way: Callable[[], Iterator[bytes]]) -> None:
    server = serving()
    process = psutil.Process(server.process.pid)
    with server.connected() as another, server.connected() as connection:
        before = process.memory_info().rss
        assert _sent(connection, way()) < SOON
        assert process.memory_info().rss - before < 30 * MB
        another.sendall(struct.pack("!BB4x", 0x89, 0x80))
        while (frame := another.recv(2)) != b"\x8a\x00":  # a pong, after what else comes
            length = frame[1] if frame[1] < 126 else int.from_bytes(another.recv(2))
            another.recv(length, socket.MSG_WAITALL)
    assert server.get().status == 200


@pytest.mark.parametrize("way", [_of_known_length, _in_chunks])
def test_a_gigabyte_in_a_request(serving: Serving, way: Callable[[], Iterator[bytes]]) -> None:
    server = serving()
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with closing(socket.create_connection(("localhost", server.port), 60)) as connection:
        assert _sent(connection, way()) < SOON
    assert process.memory_info().rss - before < 30 * MB
    assert server.get().status == 200


class Upload:
    """A button for files of 5 MB, and what became of it."""

    def __init__(self) -> None:
        self.refused = 0
        self.widget = FileInput(self._refuse, 5 * MB)

    def _refuse(self) -> None:
        self.refused += 1

    def hear(self, **message: Any) -> None:
        """Take a message of a browser."""
        self.widget._handle_msg(message)

    def send(self, parts: int, name: str = "x.npz") -> None:
        """Send a file of so many MB, as a browser does."""
        self.hear(status="initializing")
        for chunk in range(1, parts + 1):
            data = bytes([chunk % 256]) * MB
            self.hear(
                status="upload_event",
                chunk=chunk,
                data=data,
                name=name,
                total_chunks=parts,
                mime_type="",
            )
        self.hear(status="finished")


@pytest.fixture
def upload() -> Upload:
    return Upload()


def test_a_file_comes_in_parts(upload: Upload) -> None:
    upload.send(5)
    value = upload.widget.value
    assert isinstance(value, bytes)
    assert [value[k * MB] for k in range(5)] == [1, 2, 3, 4, 5]
    assert (len(value), upload.widget.filename, upload.refused) == (5 * MB, "x.npz", 0)


def test_a_file_that_is_too_large(upload: Upload) -> None:
    upload.send(40)
    assert (upload.refused, upload.widget.value, upload.widget._parts) == (1, None, [])
    upload.send(3, "small.npz")
    assert upload.widget.filename == "small.npz"
    upload.hear(status="error", error="<b>as the browser says it</b>")
    assert upload.refused == 2


def test_many_files_that_never_end(upload: Upload) -> None:
    for name in "abcdefgh":
        for chunk in range(3):
            data = bytes(MB)
            upload.hear(
                status="upload_event", chunk=chunk, data=data, name=name, total_chunks=10**9
            )
        kept = sum(len(each) for each in upload.widget._parts)
        assert kept <= 5 * MB
    assert not upload.widget._file_buffer


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"status": "upload_event"},
        {"status": "upload_event", "data": 10**12, "name": "x"},
        {"status": "upload_event", "data": b"x", "name": ["x"]},
        {"status": ["finished"]},
        {"status": "finished"},
    ],
)
def test_messages_that_no_browser_sends(upload: Upload, message: dict[str, Any]) -> None:
    upload.hear(**message)
    assert (upload.widget.value, upload.refused, upload.widget._parts) == (None, 0, [])
