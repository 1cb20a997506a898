"""The wire between processes, by whatever is put on it: a value, or a ValueError."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jacoscope.run._wire import pack, read_frame, unpack, write_frame

DTYPES = ("?", "i1", "<u4", ">i8", "<f2", "<f4", "<f8", ">f8")
ARRAYS = st.builds(
    lambda dtype, shape: np.arange(int(np.prod(shape))).astype(dtype).reshape(shape),
    st.sampled_from(DTYPES),
    st.lists(st.integers(0, 3), max_size=3),
)
NAMES = st.text(max_size=6) | st.sampled_from(["$", "$$", "$bytes", "$array", "$$bytes", "shape"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    PLAIN | st.binary(max_size=20) | ARRAYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)
SHAPES = st.lists(st.integers(-3, 5) | st.sampled_from([2**31, 2**62, 2**70]), max_size=4)
HEADS = st.recursive(
    PLAIN
    | st.builds(lambda count: {"$bytes": count}, st.integers() | PLAIN)
    | st.builds(
        lambda dtype, shape: {"$array": dtype, "shape": shape},
        st.sampled_from([*DTYPES, "|O", "<U2", "V3", "M8[s]", "f8,i4", "(2,2)f8", "none", "", "f"])
        | PLAIN,
        SHAPES | PLAIN,
    )
    | st.just({"$array": "<f8"}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
few = settings(derandomize=True, max_examples=150, deadline=None)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        known = isinstance(other, np.ndarray) and one.dtype == other.dtype
        return known and one.shape == other.shape and bool((one == other).all())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other


@few
@given(VALUES)
def test_what_is_packed_comes_out(value: Any) -> None:
    assert _same(value, unpack(pack(value)))


@few
@given(VALUES, st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_a_message_with_a_part_of_anything(value: Any, place: int, part: bytes) -> None:
    message = pack(value)
    place %= len(message)
    _a_value_or_an_error(message[:place] + part + message[place + len(part) :])
    _a_value_or_an_error(message[:place])


@few
@given(HEADS, st.binary(max_size=64))
def test_a_head_of_anything(head: Any, rest: bytes) -> None:
    text = json.dumps(head).encode()
    _a_value_or_an_error(len(text).to_bytes(8, "big") + text + rest)


@pytest.mark.parametrize("depth", [400, 900, 100_000])
def test_a_message_that_is_nested(depth: int) -> None:
    text = b"[" * depth + b"]" * depth
    _a_value_or_an_error(len(text).to_bytes(8, "big") + text)


@few
@given(st.binary(max_size=40))
def test_a_stream_of_anything(content: bytes) -> None:
    stream = io.BytesIO(content)
    try:
        while read_frame(stream) is not None:
            pass
    except ValueError as error:
        assert str(error).endswith(".")  # noqa: PT017 (there need be none)


def test_frames_come_one_by_one() -> None:
    stream = io.BytesIO()
    for message in (b"", b"one", bytes(100)):
        write_frame(stream, message)
    stream.seek(0)
    assert [read_frame(stream) for _ in range(4)] == [b"", b"one", bytes(100), None]


def _a_value_or_an_error(message: bytes) -> None:
    said = "."
    try:
        _plain(unpack(message))
    except ValueError as error:
        said = str(error)
    assert said.endswith(".")


def _plain(value: Any) -> None:
    if isinstance(value, np.ndarray):
        assert value.dtype.kind in "biuf"
    for each in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        _plain(each)
