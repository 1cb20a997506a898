"""Figures as a browser shows them: what is drawn, and the place of something on the screen."""

from __future__ import annotations

from typing import Any

# The figures in sight, from top to bottom.
_IN_SIGHT = """
const figures = [...Bokeh.index.query((each) => each.frame && each.canvas_view)]
  .filter((each) => each.el.checkVisibility())
  .sort((one, other) => one.el.getBoundingClientRect().top - other.el.getBoundingClientRect().top)
"""
_COUNTED = f"(count) => {{ {_IN_SIGHT} return figures.length === count }}"
_SEEN = f"""(nth) => {{ {_IN_SIGHT}
  const {{x_range, y_range, renderers}} = figures[nth].model
  const image = renderers.find((each) => each.glyph.type === "Image")
  const laid = renderers.find((each) => each.name === "boxes")?.data_source
  const columns = ["left", "right", "top", "bottom"].map((name) => [...laid.get_column(name)])
  const {{low, high}} = image.glyph.color_mapper
  return {{x: [x_range.start, x_range.end], y: [y_range.start, y_range.end], colors: [low, high],
           boxes: columns[0].map((_, place) => columns.map((column) => column[place]))}}
}}"""
_CELL = f"""([nth, x, y]) => {{ {_IN_SIGHT}
  const view = figures[nth]
  view.el.scrollIntoView({{block: "center"}})
  const {{left, top}} = view.el.getBoundingClientRect()
  return [left + view.frame.x_scale.compute(x), top + view.frame.y_scale.compute(y)]
}}"""
_DOT = f"""([axes, text]) => {{ {_IN_SIGHT}
  for (const figure of figures) {{
    const {{below, left}} = figure.model
    const labels = [below[0]?.axis_label, left[0]?.axis_label].filter((each) => each)
    if (labels.join(" × ") !== axes) continue
    for (const view of figure.renderer_views.values()) {{
      const source = view.model.data_source
      if (!source?.columns().includes("strategy")) continue
      const place = [...source.get_column("strategy")].findIndex((each) => each.startsWith(text))
      if (place < 0) continue
      figure.el.scrollIntoView({{block: "center"}})
      const {{left, top}} = figure.el.getBoundingClientRect()
      const [x, y] = view.glyph.scenterxy(place)
      return [left + x, top + y]
    }}
  }}
  return null
}}"""


def wait_for(page: Any, count: int) -> None:
    """Wait until so many figures are in sight."""
    page.wait_for_function(
        f"(count) => {{ {_IN_SIGHT} return figures.length === count }}", arg=count
    )


def wait_for_vectors(page: Any, numbers: int) -> None:
    """Wait until so many numbers of cotangents going in lie left of the first heatmap."""
    page.wait_for_function(
        f"(count) => ({_SEEN})(0).boxes.filter((box) => box[1] < -0.5).length === count",
        arg=numbers,
    )


def seen(page: Any, nth: int = 0) -> dict[str, Any]:
    """Return the ends of the axes and of the colors of a heatmap, and the boxes that lie on it."""
    return page.evaluate(_SEEN, nth)


def hover_cell(page: Any, row: float, column: float, nth: int = 0) -> str:
    """Hover over a cell of a heatmap; return what is said of it."""
    x, y = page.evaluate(_CELL, [nth, column, row])
    return _hover(page, x, y)


def hover_dot(page: Any, axes: str, strategy: str) -> str:
    """Hover over the dot of a strategy, and return what is said of it.

    Args:
        page: The page.
        axes: The labels of the figure's axes, joined by ×.
        strategy: What its name begins with.
    """
    return _hover(page, *_dot(page, axes, strategy))


def click_dot(page: Any, axes: str, strategy: str) -> None:
    """Click on the dot of a strategy; see `hover_dot`."""
    page.mouse.click(*_dot(page, axes, strategy))


def _dot(page: Any, axes: str, strategy: str) -> list[float]:
    return page.wait_for_function(_DOT, arg=[axes, strategy]).json_value()


def _hover(page: Any, x: float, y: float) -> str:
    page.mouse.move(x - 5, y - 5)
    page.mouse.move(x, y)
    tip = page.locator(".bk-Tooltip .bk-tooltip-content").filter(visible=True).first
    tip.wait_for()
    return tip.inner_text()
