"""Formulas as MathML, against an XML parser."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from jacoscope.problems import families
from jacoscope_dashboard._formula import typeset


@pytest.mark.parametrize("family", families(), ids=lambda each: each.name)
def test_every_problem_has_a_formula_that_is_typeset(family: object) -> None:
    formula = str(getattr(family, "formula", ""))
    assert "=" in formula or r"\leftarrow" in formula or ":" in formula
    root = ElementTree.fromstring(f"<p>{typeset(formula)}</p>")
    words = "".join(root.itertext())
    assert "\\" not in words  # a command that wasn't known is left as it stands
    assert root.findall(".//{http://www.w3.org/1998/Math/MathML}math")


def test_pieces_may_break_between() -> None:
    formula = typeset(r"a = b, \quad c = d")
    root = ElementTree.fromstring(f"<p>{formula}</p>")
    assert ["".join(each.itertext()) for each in root] == ["a=b,", "c=d"]
