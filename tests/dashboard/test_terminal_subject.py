"""From the command line to a target: the function, its point, and what is wrong with either."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from jacoscope import problem
from jacoscope.run._target import opened
from jacoscope_dashboard.terminal import _inputs
from jacoscope_dashboard.terminal._errors import CommandLineError
from jacoscope_dashboard.terminal._parser import parser
from jacoscope_dashboard.terminal._subject import subject
from tests.dashboard.terminal_helpers import MODULE

Folder = Callable[..., dict[str, Any]]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """From words of a command line to the target, in a folder with a module of a user's."""
    (tmp_path / "users.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("raise RuntimeError('boom\\nand more')")
    (tmp_path / "lacking.py").write_text("import not_there_at_all")
    (tmp_path / "leaving.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("users", "broken", "lacking", "leaving"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return lambda *words: subject(parser().parse_args(["compare", *words]))


def test_the_function_and_its_point(target: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    made = target("users:f", "--shape", "3")
    assert made["title"] == "users:f"
    with opened(made) as there:
        assert there.x.shape == (3,)
        assert there.x.dtype == np.float32
        expected = np.tanh(np.arange(12.0).reshape(4, 3) / 12 @ there.x)
        np.testing.assert_allclose(there.f(there.x), expected, rtol=1e-6)
    said = capsys.readouterr()
    assert said.out == ""  # what the module prints would spoil JSON
    assert "imported" in said.err


def test_a_dotted_name(target: Folder) -> None:
    with opened(target("users:Net.apply", "--shape", "3")) as there:
        assert there.f(there.x).shape == (4,)


def test_the_seed_decides(target: Folder) -> None:
    points = []
    for seed in ("0", "0", "1"):
        with opened(target("users:f", "--shape", "3", "--seed", seed)) as there:
            points.append(there.x)
    assert (points[0] == points[1]).all()
    assert (points[0] != points[2]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
def test_the_dtype_is_really_that(target: Folder, dtype: str) -> None:
    made = target("users:total", "--shape", "3", "--dtype", dtype)
    with opened(made) as there:
        assert jnp.asarray(there.x).dtype == jnp.dtype(dtype)
    assert made["config"]["enable_x64"] == (dtype == "float64")
    assert jnp.ones(1).dtype == np.float32  # x64 was for that run alone


def test_x64_without_an_array_of_it(target: Folder) -> None:
    assert target("users:f", "--shape", "3", "--x64")["config"]["enable_x64"]


def test_a_number(target: Folder) -> None:
    with opened(target("users:total", "--shape", "scalar")) as there:
        assert there.x.shape == ()


def test_several_shapes_are_a_tuple(target: Folder) -> None:
    with opened(target("users:Net.apply", "--shape", "3", "--shape", "2x4")) as there:
        assert [each.shape for each in there.x] == [(3,), (2, 4)]


def test_a_function_of_two_arguments_is_one_of_its_first(target: Folder) -> None:
    with opened(target("users:two", "--shape", "3x4", "--shape", "5x3")) as there:
        assert there.x.shape == (3, 4)
        assert there.f(there.x).shape == (5, 4)


def test_files(target: Folder, tmp_path: Path) -> None:
    np.savez(tmp_path / "both.npz", a=np.ones((2, 3), np.float32), b=np.zeros(4, np.float32))
    np.savez(tmp_path / "wide.npz", a=np.ones(3))
    np.save(tmp_path / "one.npy", np.arange(3))
    with opened(target("users:tree", "--input", "both.npz")) as there:
        assert {name: array.shape for name, array in there.x.items()} == {"a": (2, 3), "b": (4,)}
    wide = target("users:f", "--input", "wide.npz")
    assert wide["config"]["enable_x64"]  # as it is stored
    with opened(wide) as there:
        assert there.x.dtype == np.float64
    with opened(target("users:f", "--input", "wide.npz", "--dtype", "float32")) as there:
        assert there.x.dtype == np.float32
    with opened(target("users:f", "--input", "one.npy", "--dtype", "float32")) as there:
        np.testing.assert_array_equal(there.x, [0, 1, 2])


def test_a_function_that_makes_the_point(target: Folder) -> None:
    with opened(target("users:f", "--inputs", "users:make_inputs")) as there:
        np.testing.assert_array_equal(there.x, [1, 1, 1])


def test_a_problem_of_the_gallery(target: Folder) -> None:
    words = ("--knob", "batch=7", "--seed", "3", "--dtype", "float64")
    made = target("logistic_regression", *words)
    assert made["knobs"]["batch"] == 7
    assert made["knobs"]["dtype"] == "float64"
    with opened(made) as there:
        expected = problem("logistic_regression", batch=7, seed=3, dtype="float64")
        np.testing.assert_array_equal(there.x, expected.x)
        np.testing.assert_array_equal(there.f(there.x), expected.f(expected.x))


SHAPE = ["--shape", "3"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["users:f"], "users:f needs an input: give `--shape 128x32`, `--input file.npz` or"),
        (["users", *SHAPE], "must be written package.module:function, or be a problem of the gall"),
        (["users:", *SHAPE], "`function` must be written .*, such as mymodel:f, but got 'users:'."),
        (["users.py:f", *SHAPE], "but got 'users.py:f'. For that file write users:f."),
        (["./a/users.py:f", *SHAPE], "For that file write a.users:f."),
        (["logistic_regresion"], "but got 'logistic_regresion'. Did you mean logistic_regression?"),
        (["qqq"], "but got 'qqq'. It has logistic_regression, "),
        (["nowhere:f", *SHAPE], "must be in a module that can be imported, .* no module 'nowhere'"),
        (["users:q", *SHAPE], "must be in its module, but there is no 'q' in users. It has Net, f"),
        (["users:totl", *SHAPE], "there is no 'totl' in users. Did you mean total?"),
        (["users:Net.aply", *SHAPE], "there is no 'aply' in Net. Did you mean apply?"),
        (["users:A", *SHAPE], "`function` must name a function, but users:A is of type Array"),
        (["broken:f", *SHAPE], "broken can't be imported: it raised RuntimeError: boom. Add `--tr"),
        (["leaving:f", *SHAPE], "leaving can't be imported: it raised SystemExit. Add"),
        (["lacking:f", *SHAPE], "lacking imports 'not_there_at_all', which is not there."),
        (["users:two", *SHAPE], "users:two requires 2 arguments, but the input is one point."),
        (["users:two", *SHAPE * 3], "requires 2 arguments, but the input is a tuple of 3."),
        (["users:f", *SHAPE, "--knob", "batch=3"], "`--knob` goes with a problem of the gallery"),
        (["users:f", "--shape", "99999x999999"], "`--shape` must fit into memory, but takes 8"),
        (["users:f", "--inputs", "users:make_nothing"], "`--inputs` must give at least one"),
        (["users:f", "--inputs", "users:make_words"], "arrays, but `x\\['b'\\]\\[0\\]` is str"),
        (["users:f", "--inputs", "users:make_trouble"], "make_trouble raised OSError: no data."),
        (["users:f", "--inputs", "users:make"], "`--inputs` must be in its module, but .* 'make'"),
        (["users:f", "--inputs", "make"], "`--inputs` must be written package.module:function"),
        (["users:f", "--inputs", "users:A", "--seed", "1"], "`--seed` goes with `--shape`"),
        (["users:f", "--inputs", "users:A", "--dtype", "float32"], "`--dtype` goes with `--sh"),
        (["tanh_sum", *SHAPE], "`--shape` does not go with tanh_sum, a problem of the gallery"),
        (["tanh_sum", "--input", "x.npz"], "`--input` does not go with tanh_sum"),
        (["tanh_sum", "--inputs", "m:f"], "`--inputs` does not go with tanh_sum"),
        (["tanh_sum", "--x64"], "`--x64` does not go with tanh_sum. Write `--dtype float64`."),
        (["tanh_sum", "--knob", "q=3"], "`--knob` must be one of tanh_sum's, .*seed, but got 'q'."),
        (["tanh_sum", "--knob", "rows=x"], "`--knob rows` of tanh_sum must be a whole number from"),
        (["tanh_sum", "--dtype", "float16"], "`--dtype` of tanh_sum must be float32 or float64, b"),
    ],
)  # fmt: skip
def test_what_is_wrong(target: Folder, words: list[str], sentence: str) -> None:
    with pytest.raises(CommandLineError, match=sentence):
        target(*words)


def test_a_function_that_can_not_travel(target: Folder, tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text("import threading\nf = threading.Lock().acquire")
    with pytest.raises(CommandLineError, match=r"must be able to travel to a worker .* pickle"):
        target("users:f", "--shape", "3")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of files that are no input."""
    np.savez(tmp_path / "objects.npz", a=np.array([{}], dtype=object))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    np.savez(tmp_path / "whole.npz", a=np.ones((30, 4)))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:400])
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "nothing.npz").write_bytes(b"")
    (tmp_path / "folder.npz").mkdir()
    np.savez(tmp_path / "empty.npz")
    np.savez(tmp_path / "counts.npz", a=np.arange(3))
    np.savez(tmp_path / "words.npz", a=np.array(["a"]), b=np.ones(3))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.npz", "`--input` must be a file that can be read, but of .*missing.npz it was s"),
        ("folder.npz", "`--input` must be a file that can be read"),
        ("objects.npz", "but .*objects.npz can't be taken. The file holds Python objects, which"),
        ("objects.npy", "but .*objects.npy can't be taken. The file holds Python objects, which"),
        ("cut.npz", "must be a file of arrays, but .*cut.npz .* `.npz` or `.npy` file that can be"),
        ("text.npz", "must be a file of arrays, but .*text.npz .* `.npz` or `.npy` file that can"),
        ("nothing.npz", "`--input` must be a file of arrays"),
        ("empty.npz", "but .*empty.npz can't be taken. The file holds no array."),
        ("words.npz", r"`a` in the file holds <U1, where numbers are needed."),
    ],
)
def test_files_that_are_no_input(files: Path, name: str, sentence: str) -> None:
    with pytest.raises(CommandLineError, match=sentence):
        _inputs.stored(str(files / name), None)


def test_arrays_that_are_no_point(files: Path) -> None:
    sentence = r"`--input` must give floating-point arrays, but `x` is int64. Add `--d"
    with pytest.raises(CommandLineError, match=sentence):
        _inputs.check_point(_inputs.stored(str(files / "counts.npz"), None), "--input")


def test_sentences_end_as_sentences(target: Folder) -> None:
    with pytest.raises(CommandLineError) as raised:
        target("broken:f", "--shape", "3")
    assert re.fullmatch(r"[^\n]+\.", str(raised.value))
