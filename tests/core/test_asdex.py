"""asdex is optional: what is said where it is not installed, or does not work with this JAX."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jacoscope._asdex import import_asdex

pytestmark = pytest.mark.usefixtures("quickly_compiled")


def test_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asdex", None)
    with pytest.raises(ImportError, match=r"not installed: pip install 'jacoscope\[sparse\]'"):
        import_asdex()


def test_a_version_that_does_not_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "asdex.py").write_text("from jax import a_name_that_jax_has_not\n")
    for name in [each for each in sys.modules if each.partition(".")[0] == "asdex"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"asdex [\d.]+ does not work with jax [\d.]+\. Use"):
        import_asdex()
    monkeypatch.delitem(sys.modules, "asdex", raising=False)
