"""Code in a link: it comes out as it went in, and what is spoilt is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jacoscope.run import DTYPES
from jacoscope_dashboard._link import fragment_of, read_fragment
from jacoscope_dashboard._own import LARGEST_SOURCE

SOURCES = st.text(min_size=1).filter(str.strip)


@given(SOURCES, st.sampled_from(["", "3", "128x32", "scalar"]), st.sampled_from(DTYPES))
def test_what_goes_in_comes_out(source: str, shape: str, dtype: str) -> None:
    given = {"source": source, "shape": shape, "dtype": dtype}
    assert read_fragment("#" + fragment_of(given)) == given


@given(st.text())
def test_any_fragment_is_read_or_refused(fragment: str) -> None:
    for each in (fragment, f"code={fragment}", f"#code=QQ&shape={fragment}&dtype={fragment}"):
        try:
            known = read_fragment(each)["source"]
        except ValueError:
            continue
        assert known.strip()


def test_the_longest_code_fits() -> None:
    given = {
        "source": "\N{MATHEMATICAL ITALIC SMALL F}" * LARGEST_SOURCE,
        "shape": "",
        "dtype": "float32",
    }
    assert read_fragment(fragment_of(given)) == given


@pytest.mark.parametrize(
    "fragment",
    ["", "code=", "code=%20", "code=QQ&shape=3y", "code=QQ&dtype=object", "code=_w", "a=" * 99],
)
def test_what_can_not_be_read(fragment: str) -> None:
    with pytest.raises(ValueError, match="can't be read"):
        read_fragment(fragment)


def test_it_stands_in_a_link_as_it_is() -> None:
    fragment = fragment_of({"source": "f = '?>~'", "shape": "2x3", "dtype": "float32"})
    code = fragment.split("&", 1)[0].removeprefix("code=")
    assert base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)) == b"f = '?>~'"
    assert set("%+/ ").isdisjoint(fragment)
