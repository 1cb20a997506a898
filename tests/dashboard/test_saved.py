"""What a notebook keeps of a widget is the same document in fewer words."""

from __future__ import annotations

import json
import re

import panel_material_ui as pmui
import pytest

from jacoscope_dashboard._channel import code_named, code_spared, widen
from jacoscope_dashboard._saved import slim

CODE = "export const a = '</script><!--<script>'\n" + "x" * 500
STYLE = ':host { content: "\u2192" }\n' + " " * 300
ONCE = "y" * 400
DOCUMENT = {
    "id": {
        "version": "3.9",
        "roots": [
            {"esm": CODE, "stylesheets": [STYLE, {"css": STYLE}], "text": ONCE},
            {"esm": CODE, "stylesheets": [STYLE], "text": "shared[0]", "n": None},
        ],
    }
}


def html_of(document: object) -> str:
    text = json.dumps(document).replace("</", "<\\/")
    return f"<div></div><script>\n  var docs_json = {text};\n  var render_items = [];\n</script>"


def test_what_repeats_is_written_once_and_nothing_is_lost() -> None:
    full = html_of(DOCUMENT)
    short = slim(full)
    assert short.count("x" * 500) == short.count("y" * 400) == 1
    assert len(short) < len(full) - len(CODE) - len(STYLE)
    assert short.count("</script>") == 1, "a text must not end the script that it is in"
    assert "<!--" not in short, "nor make what follows a comment"
    found = re.search(r"var shared = (.*);\n  var docs_json = (.*);\n  var render_items", short)
    assert found is not None
    shared = json.loads(found[1])
    whole = re.sub(r"(?<!\")shared\[(\d+)\]", lambda m: json.dumps(shared[m[1]]), found[2])
    assert json.loads(whole) == DOCUMENT


def test_a_name_stands_for_code_until_it_is_written() -> None:
    with code_named() as codes:
        name = pmui.Button._render_esm()
        assert name == pmui.Checkbox._render_esm()
    [code] = codes.values()
    assert code == pmui.Button._render_esm()
    for texts in ([name], [name, name]):
        short = slim(html_of({"id": texts}), codes)
        found = re.search(r"var shared = (.*);\n  var docs_json = (.*);\n", short)
        assert found is not None
        assert json.loads(found[1]) == {"0": code}
        assert found[2] == f'{{"id":[{",".join(["shared[0]"] * len(texts))}]}}'
    elsewhere = slim(f"<script>load({json.dumps(name)})</script>", codes)
    assert elsewhere.count("</script>") == 1
    assert json.loads(elsewhere[len("<script>load(") : -len(")</script>")]) == code


@pytest.mark.parametrize("html", ["", "<p>var docs_json</p>", html_of({"id": {"text": "short"}})])
def test_what_has_nothing_that_repeats_means_the_same(html: str) -> None:
    assert slim(html).replace("var shared = {};\n  ", "").replace(" ", "") == html.replace(" ", "")


def test_code_is_sent_with_a_component_unless_the_browser_has_it() -> None:
    widen()
    assert pmui.Button._render_esm()
    with code_spared(spared=True):
        assert pmui.Button._render_esm() == ""
    assert pmui.Button._render_esm()
