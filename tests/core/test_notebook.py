"""The notebook of a study: valid, run from nothing in a fresh process, and safe to open."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import nbformat
import numpy as np
import pytest

from jacoscope import Measurement, Study, notebook, problem

ROOT = Path(__file__).parents[2]
STUB = """
import inspect
import jacoscope as jsc
real = jsc.compare
def compare(*args, **options):
    told = inspect.signature(real).bind(*args, **options).arguments
    print("compare", sorted(told))
    return jsc.Study(rows=(jsc.Measurement(told.get("quantity", "jacobian"), "stub"),))
jsc.compare = compare
"""
# Quantity, best strategy, problem, its result.
WAYS: list[tuple[Any, str, str, str]] = [
    ("jacobian", "jax.jacrev", 'jsc.problem("logistic_regression", wrt="(W, b)")', "J"),
    ("jacobian", "reverse/chunked/2", 'jsc.problem("logistic_regression")', "J"),
    ("hessian", "forward_over_reverse/vmap", 'jsc.problem("logistic_loss")', "H"),
    ("hvp", "hvp/reverse_over_reverse", 'jsc.problem("tanh_sum")', "Hv"),
    ("hvp", "hvp/forward_over_reverse/vmap", 'jsc.problem("tanh_sum")', "HV"),
    ("jmp", "forward/vmap", 'jsc.problem("logistic_regression")', "JV"),
    ("mjp", "reverse/map", 'jsc.problem("logistic_regression")', "UJ"),
]


def study(quantity: Any = "jacobian", strategy: str = "forward/vmap", **fields: Any) -> Study:
    row = Measurement(quantity, strategy, median_s=1e-4, q25_s=9e-5, **fields)
    return Study(rows=(row,), title="Test", environment={"jax": "0.10.2", "date": "2026-02-03"})


def code_of(written: dict[str, Any]) -> list[str]:
    return ["".join(each["source"]) for each in written["cells"] if each["cell_type"] == "code"]


def prose_of(written: dict[str, Any]) -> str:
    cells = [each for each in written["cells"] if each["cell_type"] == "markdown"]
    return "\n".join("".join(each["source"]) for each in cells)


def run(cells: list[str], folder: Path) -> str:
    """What a fresh process prints that runs the cells as a kernel does, one after the other."""
    script = folder / "cells.py"
    script.write_text(
        f"import json\ncells = json.loads({json.dumps(json.dumps(cells))})\n"
        "for cell in cells:\n    exec(cell, globals())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "core")},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_measures_again_and_reproduces_the_jacobian(tmp_path: Path) -> None:
    written = notebook(
        study(),
        point='p = jsc.problem("logistic_regression", batch=6)\nf, x = p.f, p.x',
        options={"chunk_sizes": [2], "time_limit": 20.0},
        pytree=False,
    )
    last = "print(len(study.timed), study.title); print(json.dumps(J.tolist()))"
    said, there = run([*code_of(written), last], tmp_path).splitlines()[-2:]
    assert int(said.split()[0]) >= 3
    p = problem("logistic_regression", batch=6)
    np.testing.assert_allclose(json.loads(there), jax.jacfwd(p.f)(p.x), rtol=1e-5)


@pytest.mark.parametrize(("quantity", "strategy", "point", "result"), WAYS)
def test_what_was_best_is_held_against_jax(
    quantity: Any, strategy: str, point: str, result: str, tmp_path: Path
) -> None:
    vectors = None if quantity in ("jacobian", "hessian") else 3
    found = study(quantity, strategy, vectors=vectors)
    written = notebook(found, point=f"p = {point}\nf, x = p.f, p.x")
    assert code_of(written)[-1].count(f"jax.tree.leaves({result})") == 1
    told = run([STUB, *code_of(written)], tmp_path).splitlines()
    expected = {"f", "x", *(["vectors"] if vectors else [])}
    expected |= set() if quantity == "jacobian" else {"quantity"}
    assert told[0] == f"compare {sorted(expected)}"
    assert told[-1].startswith("largest error")


def test_wide_numbers_stay_wide(tmp_path: Path) -> None:
    written = notebook(
        study(dtype="float64"),
        point='p = jsc.problem("logistic_regression", dtype="float64")\nf, x = p.f, p.x',
    )
    assert "assert error < 1e-08" in code_of(written)[-1]
    assert run([STUB, *code_of(written), "print(J.dtype)"], tmp_path).splitlines()[-1] == "float64"


def test_it_is_a_valid_notebook_without_outputs() -> None:
    for found in (study(), Study(rows=())):
        written = notebook(found)
        nbformat.validate(nbformat.from_dict(json.loads(json.dumps(written))))
        cells = [each for each in written["cells"] if each["cell_type"] == "code"]
        assert all(each["outputs"] == [] and each["execution_count"] is None for each in cells)


def test_ones_own_function_has_a_place_to_stand() -> None:
    cells = code_of(notebook(study()))
    assert cells[1].startswith("# Put your function and your point here")
    names: dict[str, Any] = {"f": 1, "x": 2}
    exec(cells[1], names)
    with pytest.raises(NameError):
        exec(cells[1], {})


def test_options_are_written_unless_they_are_defaults() -> None:
    options = {
        "chunk_sizes": [8, 64, 256],
        "device": "cpu:1",
        "memory_limit": 10**9,
        "time_limit": 60.0,
        "jit": True,
        "quantity": "jacobian",
    }
    assert code_of(notebook(study(), options=options))[2] == (
        'study = jsc.compare(f, x, device="cpu:1", memory_limit=1000000000)'
    )
    rows = tuple(
        Measurement("jacobian", f"reverse/chunked/{size}", chunk_size=size) for size in (16, 4)
    )
    assert "chunk_sizes=(4, 16)" in code_of(notebook(Study(rows)))[2]


def test_the_reference_is_a_way_that_can_work() -> None:
    best = study(strategy="jax.jacrev").rows
    forward = Measurement("jacobian", "jax.jacfwd", status="unsupported")
    assert "jax.jacrev(f)(x)" in code_of(notebook(Study((*best, forward))))[-1]
    assert "jax.jacfwd(f)(x)" in code_of(notebook(Study(best)))[-1]


def test_a_strategy_of_another_version_is_left_out() -> None:
    assert len(code_of(notebook(study(strategy="forward/elsewhere")))) == 4


def test_no_text_of_a_study_becomes_code_or_markup() -> None:
    evil = 'x"); import os  # <img src=x>\n![](http://example.com) $a$ `b`\nimport os'
    row = study().rows[0]
    found = Study((row,), evil, {"jax": evil, "date": evil, "device": evil})
    written = notebook(found, options={"device": evil})
    assert evil.splitlines()[1] not in prose_of(written)
    assert "\\<img" in prose_of(written)
    assert prose_of(written).splitlines()[0].endswith("import os")  # a heading of one line
    (call,) = ast.parse(code_of(written)[2]).body
    assert isinstance(call, ast.Assign)
    assert isinstance(call.value, ast.Call)
    assert [ast.literal_eval(each.value) for each in call.value.keywords] == [evil]
    assert not any("import os" in each for each in code_of(written) if "compare" not in each)
