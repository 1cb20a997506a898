// A table of text that its headings sort. Cells are set as text, so no value is ever read as HTML.

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}

function compare(a, b) {
  if (a == null || b == null) return (a == null) - (b == null)
  return typeof a === "string" ? a.localeCompare(b) : a - b
}

export function render({model}) {
  let sorted = {key: null, down: false}
  let focused = null

  const caption = element("caption")
  const head = element("thead")
  const body = element("tbody")
  const table = element("table", {className: "study"}, caption, head, body)
  const region = element("div", {className: "scroll", tabIndex: 0}, table)
  region.setAttribute("role", "region")

  function sortBy(key) {
    if (sorted.key !== key) sorted = {key, down: false}
    else if (!sorted.down) sorted = {key, down: true}
    else sorted = {key: null, down: false}
    focused = key
    draw()
  }

  function heading(column) {
    const button = element("button", {type: "button", textContent: column.label, title: column.hint})
    button.addEventListener("click", () => sortBy(column.key))
    const cell = element("th", {scope: "col", className: column.left ? "left" : ""}, button)
    const order = sorted.key !== column.key ? "none" : sorted.down ? "descending" : "ascending"
    cell.setAttribute("aria-sort", order)
    return cell
  }

  function cell(row, column) {
    const {text = "", tags = [], color, hint = ""} = row.cells[column.key] ?? {}  // of columns that come later
    const className = [column.left && "left", column.wrap && "wrap"].filter(Boolean).join(" ")
    const made = element("td", {className, title: hint})
    if (color) {
      const swatch = element("span", {className: "swatch"})
      swatch.style.background = color
      made.append(swatch)
    }
    made.append(text)
    for (const tag of tags) made.append(element("span", {className: "tag", textContent: tag}))
    return made
  }

  function draw() {
    const rows = [...model.rows]
    if (sorted.key !== null) {
      // Unknown values stay at the end either way.
      rows.sort((a, b) => {
        const [x, y] = [a.cells[sorted.key]?.sort, b.cells[sorted.key]?.sort]
        const order = compare(x, y)
        return sorted.down && x != null && y != null ? -order : order
      })
    }
    caption.textContent = model.caption
    region.setAttribute("aria-label", model.caption)
    head.replaceChildren(element("tr", {}, ...model.columns.map(heading)))
    body.replaceChildren(
      ...rows.map((row) => element("tr", {className: row.mark}, ...model.columns.map((c) => cell(row, c)))),
    )
    if (focused !== null) {
      const at = model.columns.findIndex((column) => column.key === focused)
      head.querySelectorAll("button")[at]?.focus({preventScroll: true})
      focused = null
    }
  }

  model.on(["rows", "columns", "caption"], draw)
  draw()
  return region
}
