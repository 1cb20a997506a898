"""What a notebook keeps of a widget: as little as shows it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

_LONG = 200  # characters
_DOCUMENT = re.compile(r"var docs_json = (\{.*\});$", re.MULTILINE)


def slim(html: str, codes: Mapping[str, str] | None = None) -> str:
    """Return a widget's HTML with each long text in it written once.

    Panel writes the code of panel-material-ui, 1.5 MB, out for each of its widgets, and a style
    sheet for each pane. HTML of which this finds no document is returned as it is.

    Args:
        html: What Panel made.
        codes: Name → the code that it stands for, wherever it is a text of the document.
    """
    codes = codes or {}
    found = _DOCUMENT.search(html)
    if found is None:
        for name, code in codes.items():
            html = html.replace(json.dumps(name), _script(code))
        return html
    document = json.loads(found[1])
    counts: Counter[str] = Counter()
    _count(document, codes, counts)
    places = {text: place for place, (text, n) in enumerate(counts.items()) if n > 1}
    short = _script(_shared(document, places))
    for place in places.values():
        short = short.replace(_script(_mark(place)), f"shared[{place}]")
    texts = _script({str(place): codes.get(text, text) for text, place in places.items()})
    once = f"var shared = {texts};\n  var docs_json = {short};"
    return html[: found.start()] + once + html[found.end() :]


def _count(value: Any, codes: Mapping[str, str], counts: Counter[str]) -> None:
    if isinstance(value, dict):
        for each in value.values():
            _count(each, codes, counts)
    elif isinstance(value, list):
        for each in value:
            _count(each, codes, counts)
    elif isinstance(value, str) and value in codes:
        counts[value] = 2  # once is enough to be replaced
    elif isinstance(value, str) and len(value) > _LONG:
        counts[value] += 1


def _shared(value: Any, places: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return {key: _shared(each, places) for key, each in value.items()}
    if isinstance(value, list):
        return [_shared(each, places) for each in value]
    return _mark(places[value]) if isinstance(value, str) and value in places else value


def _mark(place: int) -> str:
    return f"\x00shared {place}\x00"  # what no text has


def _script(value: Any) -> str:
    """Return a value as JSON that may stand in a script of a page: no text in it is a tag."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
