"""A study as one HTML file that needs no network: to read, to send, and to be read again.

The figures are those of the page, drawn by a copy of BokehJS that the file carries. It fetches
nothing: a policy in its head forbids that, whatever stands in the study's texts.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Generator, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from bokeh.resources import Resources

from jacoscope import Study, snippet

from . import _report_tables as tables
from ._report_figures import Scene, embedded, scenes_of
from ._theme import CSS, MARK, THEME, static
from .figures import DARK, LIGHT
from .views._advice import study_card
from .views._words import verdict

_START, _END = '<script type="application/json" id="study">', "</script>"
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline';"
    " img-src data: blob:; base-uri 'none'; form-action 'none'"
)  # BokehJS makes functions of the code that writes the ticks
_OF = {
    "jacobian": "Jacobian",
    "hessian": "Hessian",
    "hvp": "Hessian-vector product",
    "jmp": "Jacobian-matrix product",
    "mjp": "matrix-Jacobian product",
}
_NAMELESS = ("", "<lambda>")
_SECTIONS = {
    "use": "What to use",
    "figures": "Figures",
    "ways": "All ways",
    "environment": "Environment",
    "data": "Data",
}
_DATA = """<p>This file holds the study itself, with every sample. <code>jacoscope report</code>
makes a report from it anew, and saved as JSON it is read by <code>jsc.Study.from_json</code>.</p>
<p><button type="button" class="button" id="save">Save study.json</button></p>"""
_NO_FIGURES = '<p class="alert quiet">Nothing was measured that a figure could show.</p>'
_NO_CODE = '<p class="quiet">No code is known for {}.</p>'
_NO_SCRIPT = """<noscript><p class="alert">The figures need JavaScript. Their numbers are in the
table below each.</p></noscript>"""


def read_study(path: str | Path) -> Study:
    """Read a study from its JSON, or from a report that was made of it.

    Raises:
        ValueError: There is no such file, it can't be read, it is not a study, or it is one of a
            schema that this version can't read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not a study: it is not text.") from None
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}.") from None
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}.") from None
    before, start, rest = text.partition(_START)
    if start and before.lstrip().startswith("<!DOCTYPE html>"):
        text = rest.partition(_END)[0]
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not a study: it is not JSON ({error}).") from None
    return Study.from_plain(plain)


def write_report(study: Study, path: str | Path) -> None:
    """Write a report on a study as one HTML file.

    Args:
        study: Of any quantity, also without any time.
        path: Of the file, which is replaced if it is there.

    Raises:
        ValueError: The file can't be written.
    """
    text = report_html(study)
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path} can't be written: {error.strerror}.") from None


def report_html(study: Study, *, pytree: bool = True) -> str:
    """Return a report on a study as the text of an HTML file.

    Args:
        study: Of any quantity, also without any time.
        pytree: Whether the code has to do with a pytree as point or result.
    """
    steps = report_steps(study, pytree=pytree)
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return ended.value


async def report_in_turns(study: Study, *, pytree: bool = True) -> str:
    """Return what `report_html` does, and let others have a turn after each figure."""
    steps = report_steps(study, pytree=pytree)
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return ended.value
        await asyncio.sleep(0)


def report_steps(study: Study, *, pytree: bool) -> Generator[None, None, str]:
    """Return what `report_html` does, a figure a step."""
    subject, scenes = _subject(study), scenes_of(study)
    parts = {
        "use": verdict(study) + study_card(study) + _code(study, pytree),
        "figures": _figures(scenes),
        "ways": _ways(study),
        "environment": tables.environment(study),
        "data": _DATA,
    }
    sections = "\n".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{title}</h2>\n{parts[key]}</section>'
        for key, title in _SECTIONS.items()
    )
    links = "".join(f'<li><a href="#{key}">{title}</a></li>' for key, title in _SECTIONS.items())
    light = yield from embedded(scenes, dark=False)
    dark = yield from embedded(scenes, dark=True)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(subject)} – Jacoscope</title>
<style>
{_style()}
</style>
</head>
<body>
<header>
<p class="brand">{MARK}<span>Jacoscope</span></p>
<h1>{escape(subject)}</h1>
<p class="quiet">{_facts(study)}</p>
<nav aria-label="Sections"><ul>{links}</ul></nav>
</header>
<main>
{sections}
</main>
<footer><p>By Jacoscope{_version(study)}. This file fetches nothing.</p></footer>
{_START}{_written(study.to_plain())}{_END}
<script type="application/json" id="drawn">{_written({"light": light, "dark": dark})}</script>
<script>
{_bokeh_js()}
</script>
<script>
{static("report.js")}
</script>
</body>
</html>
"""


def _subject(study: Study) -> str:
    quantity = study.rows[0].quantity if study.rows else "derivative"
    title = "a function" if study.title in _NAMELESS else study.title
    subject = f"{_OF.get(quantity, quantity)} of {title}"
    return subject[:1].upper() + subject[1:]


def _facts(study: Study) -> str:
    first = study.rows[0] if study.rows else None
    facts = [_date(study.environment.get("date"))]
    if first is not None:
        if first.n_in is not None and first.n_out is not None:
            facts += [_many(first.n_in, "input"), _many(first.n_out, "output")]
        facts += [escape(each) for each in (first.dtype, first.device) if each]
    facts.append(f"{_many(len(study.rows), 'way')} compared")
    return " · ".join(each for each in facts if each)


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _date(text: object) -> str:
    try:
        date = datetime.fromisoformat(str(text))
    except ValueError:
        return ""
    words = f"{date.day} {date:%B %Y}, {date:%H:%M} {date.tzname() or ''}".rstrip()
    return f'<time datetime="{escape(date.isoformat())}">{escape(words)}</time>'


def _version(study: Study) -> str:
    version = study.environment.get("jacoscope")
    return f" {escape(str(version))}" if version else ""


def _code(study: Study, pytree: bool) -> str:
    best = study.best()
    if best is None:
        return ""
    head = "<h3>Its code</h3><p class='quiet'>Plain JAX, which needs no Jacoscope: to keep.</p>"
    quantity: Any = best.quantity
    try:
        code = snippet(best.strategy, quantity=quantity, pytree=pytree, jit=best.jit is not False)
    except ValueError:  # of a version that knows other strategies
        return head + _NO_CODE.format(escape(best.strategy))
    return (
        f'{head}<div class="code"><button type="button" class="copy" id="copy">Copy code</button>'
        '<span class="said" role="status" id="said"></span></div>'
        f'<pre id="code" tabindex="0" role="region" aria-label="Code">{escape(code)}</pre>'
    )


def _figures(scenes: Sequence[Scene]) -> str:
    if not scenes:
        return _NO_FIGURES
    return f'{_NO_SCRIPT}<div class="figures">{"".join(map(_figure, scenes))}</div>'


def _figure(scene: Scene) -> str:
    key, title = scene.key, escape(scene.title)
    return (
        f'<figure aria-labelledby="{key}-title"><h3 id="{key}-title">{title}</h3>'
        f'<p class="quiet">{escape(scene.summary(scene.data))}</p>'
        f'<div class="plot" id="{key}"></div>'
        f'<details><summary aria-label="Numbers: {title}">Numbers</summary>'
        f"{scene.table(scene.data)}</details>"
        f'<button type="button" class="button" data-save="{key}"'
        f' aria-label="Save as SVG: {title}">Save as SVG</button></figure>'
    )


def _ways(study: Study) -> str:
    if not study.rows:
        return '<p class="alert quiet">This study has no rows.</p>'
    every = f"<details><summary>All columns</summary>{tables.every_column(study)}</details>"
    return tables.study_table(study) + every


def _written(plain: Any) -> str:
    """Return JSON that no text in it can end: `<` is written as its number."""
    return json.dumps(plain, separators=(",", ":")).replace("<", "\\u003c")


def _bokeh_js() -> str:
    script, *_ = Resources(mode="inline", components=["bokeh"]).js_raw
    return script


def _style() -> str:
    """Return the page's style sheet, its colors once for light and once for dark, and our own."""
    shared = re.sub(r":host\b", ":root", CSS)
    light, dark = _colors("light"), _colors("dark")
    return (
        f"{shared}\n:root {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n{static('report.css')}"
    )


def _colors(scheme: str) -> str:
    theme, figures = THEME[scheme]["palette"], DARK if scheme == "dark" else LIGHT
    colors = {
        "ink": theme["text"]["primary"],
        "quiet": theme["text"]["secondary"],
        "line": theme["divider"],
        "paper": theme["background"]["paper"],
        "ground": theme["background"]["default"],
        "accent": theme["primary"]["main"],
        **{kind: figures.of(kind) for kind in ("forward", "reverse", "mixed")},
    }
    return " ".join(f"--{name}: {color};" for name, color in colors.items())
