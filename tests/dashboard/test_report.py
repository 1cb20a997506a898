"""The report: what is in it, that nothing gets out of its place, and what can't be read."""

from __future__ import annotations

import json
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest

from jacoscope import Study, snippet
from jacoscope._strategy import Quantity
from jacoscope_dashboard._report import read_study, report_html, write_report
from jacoscope_dashboard.figures import format_seconds
from tests.dashboard.report_data import ENVIRONMENT, FIGURES, MB, hostile, study, untimed


class Page(HTMLParser):
    """Tags with their attributes, texts, headings, and what stands in scripts."""

    VOID = ("meta", "input", "br", "img", "link")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str]] = []
        self.text = ""
        self.scripts: dict[str, str] = {}
        self._open: list[str] = []
        self._script = ""
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "script":
            self._script = dict(attrs).get("id") or str(len(self.scripts))
        if tag[0] == "h" and tag[1:].isdigit():
            self.headings.append((int(tag[1:]), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        inner = self._open[-1] if self._open else ""
        if inner == "script":
            self.scripts[self._script] = self.scripts.get(self._script, "") + data
        elif inner != "style":
            self.text += data
            if inner[:1] == "h" and inner[1:].isdigit():
                level, words = self.headings[-1]
                self.headings[-1] = (level, words + data)

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


@pytest.fixture(scope="module")
def full() -> str:
    return report_html(study())


@pytest.mark.parametrize("quantity", get_args(Quantity))
def test_it_says_what_was_found_for_every_quantity(quantity: Quantity) -> None:
    found = study(quantity)
    best, advice = found.best(), found.advice
    assert best is not None
    assert advice is not None
    page = Page(report_html(found))
    assert f"{best.strategy} is fastest" in page.text
    assert f"Use {best.strategy}" in page.text
    assert advice.reason in page.text
    assert snippet(best.strategy, quantity=quantity, pytree=True) in page.text
    assert all(row.strategy in page.text for row in found.rows)
    assert all(format_seconds(row.median_s) in page.text for row in found.timed)
    assert "Can't work. It can't do that." in page.text
    assert list(json.loads(page.scripts["drawn"])["light"]["roots"].values()) == FIGURES


def test_it_says_where_and_when_it_was_measured(full: str) -> None:
    page = Page(full)
    assert "3 February 2026, 04:05 UTC" in page.text
    told = [str(value) for name, value in ENVIRONMENT.items() if name not in ("x64", "ceilings")]
    assert [each for each in told if each not in page.text] == []


def test_each_figure_has_its_sentence_its_numbers_and_both_schemes(full: str) -> None:
    page = Page(full)
    drawn = json.loads(page.scripts["drawn"])
    for scheme in ("light", "dark"):
        assert list(drawn[scheme]["roots"].values()) == FIGURES
        assert drawn[scheme]["doc"]["defs"] == []
        assert [each["id"] for each in drawn[scheme]["doc"]["roots"]] == list(
            drawn[scheme]["roots"]
        )
    assert drawn["light"]["doc"] != drawn["dark"]["doc"]
    assert [key for key in page.values("id") if key in FIGURES] == FIGURES
    parts = Counter(tag for tag, _ in page.tags)
    assert parts["figure"] == len(FIGURES)
    assert parts["details"] == len(FIGURES) + 1  # and all columns
    assert "is the fastest of" in page.text


def test_it_is_one_file_that_fetches_nothing(full: str) -> None:
    page = Page(full)
    assert len(full.encode()) < 6e6
    assert page.values("src") == []
    assert [each for each in page.values("href") if not each.startswith("#")] == []
    assert not {"link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert [name for name, code in page.scripts.items() if "BEGIN bokeh" in code] == ["2"]
    assert "url(" not in full.partition("<style>")[2].partition("</style>")[0]
    (policy,) = [attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_it_is_built_as_a_page_should_be(full: str) -> None:
    page = Page(full)
    assert dict(page.tags)["html"] == {"lang": "en"}
    tags = Counter(tag for tag, _ in page.tags)
    assert {tags[each] for each in ("header", "nav", "main", "footer", "h1", "title")} == {1}
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert all(later <= level + 1 for level, later in pairwise(levels))
    assert max(Counter(page.values("id")).values()) == 1
    links = [each.removeprefix("#") for each in page.values("href")]
    assert set(page.values("aria-labelledby")) | set(links) <= set(page.values("id"))


def test_no_text_of_a_study_becomes_html() -> None:
    found = hostile()
    page = Page(report_html(found))
    tags = Counter(tag for tag, _ in page.tags)
    assert tags["img"] == 0
    assert tags["script"] == 4
    assert page.values("onerror") == []
    assert found.title in page.text
    embedded = json.loads(page.scripts["study"])
    assert embedded == json.loads(json.dumps(found.to_plain()))
    assert "<" not in page.scripts["study"] + page.scripts["drawn"]


def test_a_study_comes_back_from_its_report_and_its_json(tmp_path: Path) -> None:
    for found in (study(), hostile(), untimed()):
        write_report(found, tmp_path / "report.html")
        assert read_study(tmp_path / "report.html") == found
        found.to_json(tmp_path / "study.json")
        read = read_study(str(tmp_path / "study.json"))
        assert read == found
        assert read_study(tmp_path / "study.json").title in Page(report_html(read)).text


def test_without_a_time_it_says_so() -> None:
    page = Page(report_html(untimed()))
    assert "None of the ways could be measured" in page.text
    assert "Nothing was measured that a figure could show." in page.text
    assert "Crashed. It crashed." in page.text
    assert "Copy code" not in page.text


def test_a_study_without_rows_is_said_to_have_none() -> None:
    assert "This study has no rows." in Page(report_html(Study(rows=()))).text


def test_a_study_too_small_to_tell_has_no_winner() -> None:
    page = Page(report_html(study(empty_call_s=1.0)))
    assert "Too small to tell." in page.text
    assert "Any way will do" in page.text
    assert "is fastest" not in page.text


def test_a_strategy_of_another_version_has_no_code() -> None:
    found = study()
    odd = found.rows[0].but(strategy="forward/elsewhere")
    page = Page(report_html(study(rows=(odd, *found.rows[1:]))))
    assert "No code is known for forward/elsewhere." in page.text


@pytest.mark.parametrize("roof", ["high", {"flops_per_s": 1e9}, {**ENVIRONMENT, "dtype": 1}, None])
def test_a_roof_that_is_none_is_left_out(roof: Any) -> None:
    page = Page(report_html(study(environment={"ceilings": roof, "date": 3})))
    assert list(json.loads(page.scripts["drawn"])["dark"]["roots"].values()) == FIGURES[:-1]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "is not a study: it is not JSON"),
        (b"\xff\xfe\x00", "is not a study: it is not text"),
        (b"[" * 100_000, "is not a study: it is not JSON"),
        (b"<!DOCTYPE html><p>Another page", "is not a study: it is not JSON"),
        (b"[1]", "This is not a study: it has no `schema`"),
        (b'{"schema": 99, "rows": []}', "This study has schema 99; this version reads 1"),
        (b'{"schema": 1}', "This is not a study: it has no `rows`"),
    ],
)
def test_what_is_not_a_study_is_said_to_be_none(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "study.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        read_study(path)


def test_a_file_that_is_not_there_and_one_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"There is no file .*nowhere\.json"):
        read_study(tmp_path / "nowhere.json")
    with pytest.raises(ValueError, match="can't be read: Is a directory"):
        read_study(tmp_path)
    with pytest.raises(ValueError, match="can't be written: No such file or directory"):
        write_report(untimed(), tmp_path / "no" / "report.html")


def test_the_memory_of_the_figures_is_that_of_the_rows(full: str) -> None:
    rows = study().timed
    assert {row.predicted_bytes for row in rows if row.predicted_bytes} >= {160 * MB}
    assert "168 MB" in Page(full).text
