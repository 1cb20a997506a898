"""What somebody may write in place of a name: a text that runs wherever it is read as HTML."""

from __future__ import annotations

from typing import Any

MARK = "<img src=x onerror=window.ran=1>"  # without quotes: inside of any it looks the same
HOSTILE = (
    f"{MARK}<script>window.ran=2</script>\"'><svg onload=window.ran=3>"
    "${window.ran=4}{{window.ran=5}}$$\\href{javascript:window.ran=6}{x}$$"
    "</script></style></textarea></title><!--&"
)

# All that only such a text can have put into a page, and whether it ran.
_TRACES = """() => {
  const inside = (root) => [...root.querySelectorAll("*")].flatMap(
    (each) => [each, ...(each.shadowRoot ? inside(each.shadowRoot) : [])])
  const found = inside(document).filter((each) =>
    each.matches("img[src=x], [onerror], [onload], [href^='javascript:'], mjx-container")
    || (each.matches("script") && each.textContent.startsWith("window.ran")))
  return [...found.map((each) => each.outerHTML), ...(window.ran ? [`It ran: ${window.ran}`] : [])]
}"""
# Where that is drawn of which the figures in sight know such a text, in the window's pixels.
_DRAWN = """text => {
  for (const view of Bokeh.index.query((each) => each.glyph && each.model.data_source)) {
    const area = view.plot_view.canvas_view.el
    if (!area.checkVisibility()) continue
    for (const name of view.model.data_source.columns()) {
      const column = view.model.data_source.get_column(name)
      const place = [...column].findIndex((each) => String(each).includes(text))
      if (place < 0) continue
      area.scrollIntoView({block: "center"})
      const {left, top} = area.getBoundingClientRect()
      const [x, y] = view.glyph.scenterxy(place)
      return [left + x, top + y]
    }
  }
  return null
}"""


def traces(page: Any) -> list[str]:
    """Return what of a hostile text was read as HTML, in any frame; nothing where none was."""
    return [each for frame in page.frames for each in frame.evaluate(_TRACES)]


def shown(place: Any) -> None:
    """Wait until a hostile text can be read in a place."""
    place.get_by_text(MARK).filter(visible=True).first.wait_for()


def hover_over_it(page: Any) -> None:
    """Hover over what a hostile text belongs to in a figure, and read it there."""
    spot = page.wait_for_function(_DRAWN, arg=MARK).json_value()
    page.mouse.move(spot[0] - 3, spot[1])
    page.mouse.move(*spot)
    shown(page.locator(".bk-Tooltip"))
