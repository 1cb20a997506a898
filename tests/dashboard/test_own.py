"""One's own function on the page, without a browser: what is typed, and what the page is about."""

from __future__ import annotations

from typing import Any

import jax
import pytest

import jacoscope as jsc
from jacoscope.run._target import opened as opened_target
from jacoscope_dashboard import Explorer
from jacoscope_dashboard._examples import EXAMPLES
from jacoscope_dashboard._experiment import OWN
from jacoscope_dashboard._link import fragment_of
from jacoscope_dashboard._own import LARGEST_FILE, LARGEST_SOURCE, Own, fingerprint
from jacoscope_dashboard._policy import Policy
from jacoscope_dashboard.views import EditorView
from tests.dashboard.conftest import Open
from tests.dashboard.helpers import FakeRunner, Pump, run, study, text
from tests.helpers import relative_error

CODE = "import jax.numpy as jnp\n\n\ndef f(x):\n    return x**2\n\n\nx = jnp.ones(3)\n"


def editor(explorer: Explorer) -> EditorView:
    assert explorer.editor is not None
    return explorer.editor


def typed(explorer: Explorer, page: Pump, code: str = CODE) -> EditorView:
    """Choose *Your function* and type, without using it."""
    explorer.experiment.problem = OWN
    page.until(lambda: explorer.session.matrix.state != "busy")
    editor(explorer).code.source = code
    return editor(explorer)


def used(explorer: Explorer, page: Pump, code: str = CODE) -> EditorView:
    view = typed(explorer, page, code)
    view.use()
    page.until(lambda: explorer.session.matrix.state != "busy")
    return view


def sources(runner: FakeRunner, kind: str = "matrix") -> list[str]:
    return [each.job.target.get("source", "") for each in runner.of(kind)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_right(name: str) -> None:
    with opened_target(Own(source=EXAMPLES[name]).target()) as target:
        for mode in ("forward", "reverse"):
            ours = jsc.jacobian(target.f, target.x, mode=mode)
            assert relative_error(ours, jax.jacrev(target.f)(target.x)) < 1e-5


def test_what_is_no_target() -> None:
    with pytest.raises(ValueError, match="There is no code yet"):
        Own(source=" \n").target()
    with pytest.raises(ValueError, match="200,000 characters at most"):
        Own(source="#" * (LARGEST_SOURCE + 1)).target()


def test_where_it_is_not_allowed_there_is_no_editor(opened: Open) -> None:
    explorer = opened(policy=Policy(False, "Not here."), query="problem=your_function")
    assert explorer.editor is None
    assert explorer.experiment.problem == "logistic_regression"
    assert "Not here." in text(explorer)
    groups = explorer.controls.problem.groups
    assert OWN not in {name for each in groups.values() for name in each.values()}


def test_a_given_function_has_no_editor(opened: Open) -> None:
    assert opened(own={"kind": "pickle", "content": b"", "title": "f"}).editor is None


def test_the_editor_comes_with_the_choice(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = editor(explorer)
    assert not view.panel.visible
    explorer.controls.problem.value = OWN
    page.until(lambda: explorer.session.matrix.state != "busy")
    assert view.panel.visible
    assert view.code.source == next(iter(EXAMPLES.values())) == sources(runner)[-1]
    assert explorer.experiment.to_query() == "problem=your_function"


def test_nothing_runs_before_it_is_used(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = typed(explorer, page)
    assert "You have changed it" in text(explorer)
    assert CODE not in sources(runner)
    view.button.clicks += 1
    page.until(lambda: explorer.session.matrix.state != "busy")
    assert sources(runner)[-1] == CODE
    assert "The page is about this code" in text(explorer)
    assert "your_function" in explorer.experiment.to_query()
    assert CODE not in explorer.experiment.to_query()


def test_shape_and_numbers_of_x(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = typed(explorer, page)
    view.shape.widget.value = "4y"
    assert "sizes joined by x" in view.shape.widget.helper_text
    view.shape.widget.value = "4x2"
    view.dtype.value = "float64"
    view.use()
    page.until(lambda: explorer.session.matrix.state != "busy")
    target = runner.last("matrix").job.target
    assert (target["shape"], target["dtype"]) == ([4, 2], "float64")
    assert "x = jax.random.normal(jax.random.key(0), (4, 2), jnp.float64)" in explorer.code()
    assert 'jax.config.update("jax_enable_x64", True)' in explorer.code()


def test_code_of_a_link_is_shown_and_not_run(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    link = {"source": CODE, "shape": "4", "dtype": "float64"}
    explorer.take_link("#" + fragment_of(link))
    page.until(lambda: explorer.session.matrix.state != "busy")
    view = editor(explorer)
    assert (view.code.source, view.own.shape, view.own.dtype) == (CODE, "4", "float64")
    assert "came with the link, and has not run" in text(explorer)
    assert "the page is about the example “A layer”" in text(explorer)
    assert CODE not in sources(runner)
    view.use()
    page.until(lambda: explorer.session.matrix.state != "busy")
    assert sources(runner)[-1] == CODE
    assert "came with the link" not in text(explorer)


def test_what_came_is_not_run_by_going_back_to_it(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    explorer.take_link(fragment_of({"source": CODE, "shape": "", "dtype": "float32"}))
    view = editor(explorer)
    view.example.value = EXAMPLES["A loss"]
    page.until(lambda: explorer.session.matrix.state != "busy")
    assert sources(runner)[-1] == EXAMPLES["A loss"]
    view.example.value = CODE
    page.until(lambda: explorer.session.matrix.state != "busy")
    assert view.code.source == CODE
    assert CODE not in sources(runner)
    assert "the page is about the example “A loss”" in text(explorer)


def test_a_link_where_code_is_not_allowed(opened: Open, runner: FakeRunner) -> None:
    fragment = fragment_of({"source": CODE, "shape": "", "dtype": "float32"})
    explorer = opened(policy=Policy(False, "Not here."))
    explorer.take_link(fragment)
    assert "The link carries code. Not here." in text(explorer)
    explorer = opened(own={"kind": "pickle", "content": b"", "title": "f"})
    explorer.take_link(fragment)
    assert "has no editor" in text(explorer)
    assert CODE not in sources(runner)


def test_a_spoilt_link(opened: Open) -> None:
    explorer = opened()
    explorer.take_link("#code=%")
    assert "a part of it may have been lost" in text(explorer)
    explorer.take_link("#code=" + "A" * 2_000_000)
    assert "more than 200,000 characters" in text(explorer)
    assert explorer.experiment.problem == "logistic_regression"


def test_a_draft_is_shown_and_not_run(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = typed(explorer, page, EXAMPLES["A layer"])
    assert not view.code.keeps  # in no notebook: a page there has its own cells
    draft = fragment_of({"source": CODE, "shape": "7", "dtype": "float32"})
    view.code._handle_msg({"draft": draft})
    page.until(lambda: view.code.source == CODE)
    assert view.own.shape == "7"
    assert "when you were last here. It has not run since" in text(explorer)
    view.code._handle_msg({"draft": "nonsense"})
    view.code._handle_msg({"draft": fragment_of({**Own().param.values(), "source": "# other"})})
    page.until(lambda: "# other" in view.example.options.values())
    assert view.code.source == CODE  # what is there stays, and the other is within reach
    assert CODE not in sources(runner)


def test_code_from_a_file(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = typed(explorer, page, EXAMPLES["A layer"])
    view.file.param.update(filename="mine.py", value=CODE.encode())
    assert view.code.source == CODE
    assert "came from the file, and has not run" in text(explorer)
    view.file.param.update(filename="mine.py", value=b"\xff")
    assert "not in UTF-8" in text(explorer)
    view.file.param.update(filename="mine.py", value=b"#" * 200_001)
    assert "200,000 characters of code at most" in text(explorer)
    assert view.code.source == CODE
    assert CODE not in sources(runner)


def test_a_file(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    view = typed(explorer, page)
    view.file.value = b"0" * (LARGEST_FILE + 1)
    assert "50 MB at most" in text(explorer)
    view.file.value = b"some bytes"
    assert "x comes from the file" in text(explorer)
    view.use()
    page.until(lambda: explorer.session.matrix.state != "busy")
    assert runner.last("matrix").job.target["arrays"] == b"some bytes"


def test_what_can_not_be_used_says_so(opened: Open, page: Pump, runner: FakeRunner) -> None:
    explorer = opened()
    before = len(sources(runner))
    typed(explorer, page, " ").use()
    assert "There is no code yet" in text(explorer)
    assert " " not in sources(runner)[before:]


def test_what_was_typed_is_not_lost_to_an_example(opened: Open, page: Pump) -> None:
    explorer = opened()
    view = used(explorer, page)
    view.example.value = EXAMPLES["A loss"]
    assert view.code.source == EXAMPLES["A loss"]
    view.example.value = view.example.options["What was in the editor"]
    assert view.code.source == CODE


def test_the_code_has_it(opened: Open, page: Pump) -> None:
    explorer = opened()
    used(explorer, page)
    assert CODE.strip() in explorer.code()
    made: dict[str, Any] = {}
    exec(explorer.code(), made)
    assert made["result"].tolist() == [[2.0, 0, 0], [0, 2.0, 0], [0, 0, 2.0]]


def test_an_earlier_comparison_brings_its_function_back(
    opened: Open, page: Pump, runner: FakeRunner
) -> None:
    explorer = opened()
    used(explorer, page)
    run(explorer, page, runner, study())
    first = explorer.settings()
    used(explorer, page, CODE.replace("**2", "**3"))
    assert explorer.settings()["own"] != first["own"]
    explorer.bring_back(explorer.session.comparison.history[0])
    page.until(lambda: explorer.session.matrix.state != "busy")
    assert editor(explorer).code.source == CODE
    assert explorer.session.target(explorer.settings())["source"] == CODE


def test_code_is_text_on_the_page(opened: Open, page: Pump) -> None:
    explorer = opened()
    code = f"{CODE}# <img src=x onerror=alert(1)>\n"
    used(explorer, page, code)
    explorer.tab = "code"
    page.until(lambda: "code" in explorer.later)
    view = explorer.later["code"]
    page.until(lambda: view.matrix.code)
    assert "<img" in view.matrix.code  # set as text by static/code.js
    assert "<img" not in text(explorer)


def test_fingerprints_tell_targets_apart() -> None:
    one, other = Own(source=CODE), Own(source=CODE, shape="3")
    assert fingerprint(one.target()) == fingerprint(Own(source=CODE).target())
    assert fingerprint(one.target()) != fingerprint(other.target())
