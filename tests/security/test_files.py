"""Files of arrays that are anyone's: read, or refused with a sentence, and nothing else."""

from __future__ import annotations

import io
import pickle
import re
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jacoscope._arrays import read_arrays
from jacoscope._failure import PlainError

MB = 1_000_000
MOST = 2**30
READ_WHOLE = "no `.npz` or `.npy` file that can be read whole"
OF = "{'descr': %s, 'fortran_order': False, 'shape': %s, }"
F8 = OF % ("'<f8'", "%s")


def _saved(**arrays: Any) -> bytes:
    with io.BytesIO() as file:
        np.savez(file, **arrays)
        return file.getvalue()


def _packed(method: int) -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr("x.npy", _npy(F8 % "(3,)", bytes(24)))
        return file.getvalue()


def _npy(header: str, content: bytes = b"", version: int = 1) -> bytes:
    """Return an `.npy` file with a header of anything."""
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + content


def _zip(*parts: tuple[str, bytes], size: int | None = None, flags: int = 0) -> bytes:
    """Return a zip file of parts that are deflated already, and are said to have `size` bytes."""
    body = listed = b""
    for name, content in parts:
        says = len(zlib.decompress(content, -15)) if size is None else size
        head = struct.pack("<HHHHHIII", 20, flags, 8, 0, 33, 0, len(content), says)
        ends = struct.pack("<HH", len(name), 0)
        listed += b"PK\1\2\x14\0" + head + ends + struct.pack("<HHHII", 0, 0, 0, 0, len(body))
        listed += name.encode()
        body += b"PK\3\4" + head + ends + name.encode() + content
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(listed), len(body), 0)
    return body + listed + b"PK\5\6" + end


def _deflated(start: bytes, zeros: int) -> bytes:
    """Return a stream of some MB that unpacks to `start` and so many millions of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block + again * (zeros - 1) + packer.flush()


GIB = _deflated(_npy(F8 % "(134217728,)"), 1074)
HOSTILE = {
    "nothing": (b"", READ_WHOLE),
    "text": (b"hello", READ_WHOLE),
    "a pickle": (pickle.dumps(np.ones(3)), READ_WHOLE),
    "a pickle in an npz": (_saved(x=np.array([{}], object)), "holds Python objects"),
    "a pickle in an npy": (
        _npy(F8.replace("<f8", "|O") % "(1,)", pickle.dumps([])),
        "holds Python",
    ),
    "objects in fields": (_npy(OF % ("[('a', '|O')]", "(1,)")), "holds Python"),
    "fields": (_saved(x=np.zeros(2, "f8,i4")), "where numbers are needed"),
    "words": (_saved(x=np.array(["a"])), "`x` in the file holds <U1, where numbers"),
    "bfloat16": (_npy(OF % ("'<V2'", "(1,)"), bytes(2)), "Save them as float32"),
    "nothing saved": (_saved(), "holds no array"),
    "cut": (_saved(x=np.ones(30))[:-40], READ_WHOLE),
    "cut in the middle": (_npy(F8 % "(3,)", bytes(8)), READ_WHOLE),
    "1 GiB of zeros": (_zip(("x.npy", GIB), size=1_074_000_128), "would take 1.07 GB"),
    "1 GiB that says 208 bytes": (_zip(("x.npy", GIB), size=208), READ_WHOLE),
    "1 GiB behind a small array": (
        _zip(("x.npy", _deflated(_npy(F8 % "(3,)"), 1074)), size=2**29),
        READ_WHOLE,
    ),
    "a hundred of 50 MB": (_zip(*[(f"{k}.npy", GIB) for k in range(9)], size=2**27), "1.21 GB"),
    "20,000 parts": (_zip(*[("x.npy", b"\3\0")] * 20_000, size=0), "holds 20,000 arrays"),
    "a file in a zip": (_zip(("x.npz", _deflated(_saved(x=np.ones(3)), 1))), READ_WHOLE),
    "1e12 elements": (_npy(F8 % "(1000000000000,)"), "would take 8 TB"),
    "1e12 elements in an npz": (
        _zip(("x.npy", _deflated(_npy(F8 % "(1000000000000,)"), 1))),
        "would take 8 TB",
    ),
    "more than is there": (_npy(F8 % "(100000000,)", bytes(80)), READ_WHOLE),
    "negative": (
        _zip(("x.npy", _deflated(_npy(F8 % "(-1,)"), 540)), size=2**29),
        READ_WHOLE,
    ),
    "negative twice": (_npy(F8 % "(-2, -5)", bytes(80)), READ_WHOLE),
    "overflow": (_npy(F8 % "(4294967296, 4294967296)"), "would take"),
    "overflow of nothing": (_npy(F8 % f"(0, {2**70})"), READ_WHOLE),
    "no shape": (_npy(F8 % "'ab'"), READ_WHOLE),
    "a header of 1 MB": (_npy(" " * MB + F8 % "(3,)", bytes(24), version=2), READ_WHOLE),
    "a header that is nested": (_npy("(" * 5_000 + ")" * 5_000), READ_WHOLE),
    "a header of signs": (_npy("-" * 9_000 + "1"), READ_WHOLE),
    "a header that runs": (_npy("__import__('os').abort()"), READ_WHOLE),
    "a header of nothing": (_npy(""), READ_WHOLE),
    "a version of the future": (_npy(F8 % "(3,)", bytes(24), version=9), READ_WHOLE),
    "packed in another way": (_packed(zipfile.ZIP_LZMA), READ_WHOLE),
    "with a password": (_zip(("x.npy", GIB), size=208, flags=1), READ_WHOLE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_refused(name: str, tmp_path: Path) -> None:
    content, sentence = HOSTILE[name]
    path = tmp_path / "it"
    path.write_bytes(content)
    tracemalloc.start()
    with (
        path.open("rb") as file,
        pytest.raises(PlainError, match=re.escape(sentence)) as raised,
    ):
        read_arrays(file, MOST)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert re.fullmatch(r"(The|`\w+` in the) file.{15,160}\.", str(raised.value)), raised.value
    assert peak < 50 * MB


@pytest.mark.parametrize("name", ["../../evil", "/evil", "{folder}/evil", "..\\evil", "C:\\evil"])
def test_names_lead_nowhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    name = name.format(folder=tmp_path)
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(f"{name}.npy", _npy(F8 % "(3,)", bytes(24)))
        read = read_arrays(file, MOST)
    assert [each.tolist() for each in read.values()] == [[0, 0, 0]]
    assert list(read) == [name]
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", inner]
    assert not Path("/evil.npy").exists()


@pytest.mark.parametrize("dtype", ["f8", ">f4", "f2", "i1", "u8", "?", "c16"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 4), (2, 3, 4)])
def test_what_numpy_saves_is_read(dtype: str, order: Any, shape: tuple[int, ...]) -> None:
    array = np.asarray(np.random.default_rng(0).normal(size=shape) * 9, order=order).astype(dtype)
    with io.BytesIO() as file:
        np.save(file, array)
        [alone] = read_arrays(file, MOST).values()
    with io.BytesIO() as file:
        np.savez_compressed(file, a=array, b=array)
        read = read_arrays(file, MOST)
    for each in (alone, read["a"], read["b"]):
        np.testing.assert_array_equal(each, array)
        assert each.dtype == array.dtype


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    st.sampled_from([_saved(x=np.ones((3, 2)), y=np.arange(4)), _npy(F8 % "(3,)", bytes(24))]),
    st.lists(st.tuples(st.integers(0, 900), st.binary(max_size=6)), min_size=1, max_size=4),
)
def test_a_file_with_parts_of_anything(content: bytes, changes: list[tuple[int, bytes]]) -> None:
    for place, part in changes:
        content = content[:place] + part + content[place + len(part) :]
    _read_or_refused(content)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    st.text("{}()[]'\"<fO8,:- 0123456789LdescrhapFTaluortn_\n\\", max_size=80)
    | st.sampled_from(["'<f8'", "'descr'", "(3,)", "False"]).flatmap(
        lambda part: st.text("'<>|fiOUM81()[],-L ", max_size=12).map(
            lambda other: (F8 % "(3,)").replace(part, other)
        )
    )
)
def test_a_header_of_anything(header: str) -> None:
    _read_or_refused(_npy(header, bytes(24)))


def _read_or_refused(content: bytes) -> None:
    read, said = {}, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of headers that an old version wrote
        try:
            read = read_arrays(io.BytesIO(content), MOST)
        except PlainError as error:
            said = str(error)
    assert len(said) < 200
    assert all(isinstance(each, np.ndarray) for each in read.values())
