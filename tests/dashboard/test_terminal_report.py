"""A study and an advice as plain text, and the line that says how far a job is."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from jacoscope import Advice, Measurement, Study
from jacoscope_dashboard._progress import Progress
from jacoscope_dashboard.terminal._bar import Bar, line
from jacoscope_dashboard.terminal._report import advice_report, study_report
from tests.dashboard.helpers import ADVICE, rows, study


def cells(report: str, strategy: str) -> str:
    """The line of a strategy in the table."""
    table = report.split("\n\n")[1].splitlines()
    (found,) = [each for each in table if each.startswith(f"{strategy} ")]
    return " ".join(found.split())


def test_the_table_has_what_is_known() -> None:
    report = study_report(study(dtype="float32", device="cpu:0"), 100)
    assert report.splitlines()[0] == "Jacobian of Test: 3 inputs, 4 outputs, float32, cpu:0"
    heads = report.splitlines()[2].split()
    assert heads[:2] == ["Strategy", "Time"]
    fast = cells(report, "forward/vmap")
    assert fast == "forward/vmap 1 ms 950 µs – 1.1 ms 1 70 ms 160 B 3 1e−7 best"
    slow = cells(report, "reverse/vmap")
    assert slow == "reverse/vmap 3 ms 2.9 ms – 3.1 ms 3 40 ms 260 B 4 1e−7"
    assert cells(report, "reverse/loop") == "reverse/loop 4 can't work"


def test_columns_stand_below_their_heads() -> None:
    table = study_report(study(), 100).split("\n\n")[1].splitlines()
    end = table[0].index("Compiling") + len("Compiling")
    assert [each[:end].split()[-2:] for each in table[1:3]] == [["70", "ms"], ["40", "ms"]]


def test_the_verdict_and_the_advice() -> None:
    report = study_report(study(), 100)
    assert "\nforward/vmap is fastest.\nUse forward/vmap (measured here).\n" in report
    assert "The textbook says the same: forward mode, as there are no more inputs" in report


def test_a_message_stands_once_for_all_its_rows() -> None:
    crashed = [
        Measurement("jacobian", name, status="crashed", message="f raised KeyError: 'a'")
        for name in ("forward/vmap", "reverse/vmap")
    ]
    report = study_report(Study(tuple(crashed), title="m:f"), 100)
    assert report.count("KeyError") == 1
    assert "forward/vmap, reverse/vmap: Crashed. f raised KeyError: 'a'" in report
    assert "None of the ways could be measured." in report
    assert report.startswith("Jacobian of m:f\n")


def test_a_tie() -> None:
    tied = [row.but(tie=True) if row.median_s else row for row in rows()]
    report = study_report(Study(tuple(tied), title="Test", empty_call_s=1e-6), 100)
    assert "A tie. forward/vmap is as fast as reverse/vmap, with the least memory." in report


def test_too_small_to_tell_offers_something_larger() -> None:
    report = study_report(study(empty_call_s=1.0), 100, "Add --knob batch=512.")
    assert report.endswith("that does nothing.\nAdd --knob batch=512.")
    assert "Use forward/vmap" not in report


def test_sentences_keep_to_the_width() -> None:
    report = study_report(study(), 60)
    head, _, sentences = report.rpartition("\n\n")
    assert max(map(len, sentences.splitlines())) <= 60
    assert head


def test_an_advice() -> None:
    report = advice_report(replace(ADVICE, predicted_bytes=2_000_000), "jacobian", 100)
    assert report.splitlines() == [
        "Try reverse/chunked/8 (estimated, not timed).",
        "By estimate it is best.",
        "The textbook says another way: forward mode, as there are no more inputs than outputs.",
        "Predicted memory: 2 MB.",
    ]


@pytest.mark.parametrize(
    ("quantity", "said"),
    [("jmp", "forward mode, which pushes vectors"), ("mjp", "reverse mode, which pulls them")],
)
def test_an_advice_for_products(quantity: str, said: str) -> None:
    assert said in advice_report(Advice("jmp/vmap", None, "", "forward", True), quantity, 100)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


EVENTS = [
    {"type": "started"},
    {"type": "plan", "strategies": [str(number) for number in range(9)]},
    {"type": "stage", "stage": "compile", "done": 3, "total": 9, "left_s": 12.0},
    {"type": "worker", "pid": 7},
]


def test_the_line_says_how_far_it_is_and_goes() -> None:
    screen = Screen()
    bar = Bar(screen)
    for event in EVENTS:
        bar.hear(event)
    bar.draw()
    drawn = screen.getvalue()
    assert "[########................] Compiled 3 of 9 strategies, 12 s left" in drawn
    bar.draw()
    assert screen.getvalue() == drawn, "nothing new is not written anew"
    bar.clear()
    assert screen.getvalue().split("\r")[-2].strip() == ""


def test_nothing_is_drawn_where_nobody_looks() -> None:
    stream = io.StringIO()
    bar = Bar(stream)
    for event in EVENTS:
        bar.hear(event)
    bar.draw()
    bar.clear()
    assert stream.getvalue() == ""


def test_the_line_fits() -> None:
    assert len(line(Progress(stage="time", done=1, total=3, strategies=4), 30)) == 30
