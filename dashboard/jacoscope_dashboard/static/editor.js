// Python to type. Tab indents, as in any editor of code; after Escape it goes on to what comes
// next, so that nobody is caught in here.

const INDENT = "    "
const DRAFT = "jacoscope.draft"

// A browser may keep nothing, in a private window say, and then there is no draft.
function kept() {
  try { return localStorage.getItem(DRAFT) || "" } catch { return "" }
}

function keep(draft) {
  try { localStorage.setItem(DRAFT, draft) } catch { /* as above */ }
}

export function render({model}) {
  const area = document.createElement("textarea")
  area.value = model.source
  area.spellcheck = false
  area.autocapitalize = "off"
  area.autocomplete = "off"
  area.wrap = "off"
  area.setAttribute("aria-label", model.label)
  const hint = document.createElement("p")
  hint.id = "hint"
  hint.className = "quiet"
  hint.textContent = "Ctrl+Enter uses it. Tab indents; Escape, then Tab, leaves."
  area.setAttribute("aria-describedby", hint.id)
  const box = document.createElement("div")
  box.className = "editor"
  box.append(area, hint)

  // as high as its lines, within bounds, until somebody drags it
  const fit = () => {
    if (!area.style.height) area.rows = Math.min(Math.max(area.value.split("\n").length, 6), 20)
  }
  fit()
  let waiting = 0
  let leaving = false
  const tell = () => {
    clearTimeout(waiting)
    if (model.source !== area.value) model.source = area.value
  }
  const insert = (text) => {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end")
    area.dispatchEvent(new Event("input"))
  }
  area.addEventListener("input", () => {
    clearTimeout(waiting)
    waiting = setTimeout(tell, 250)
  })
  area.addEventListener("blur", tell)
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      tell()
      model.send_msg("use")
    } else if (event.key === "Enter") {
      event.preventDefault()
      const before = area.value.slice(0, area.selectionStart)
      const line = before.slice(before.lastIndexOf("\n") + 1)
      const deeper = line.trimEnd().endsWith(":") ? INDENT : ""
      insert(`\n${line.match(/^ */)[0]}${deeper}`)
    } else if (event.key === "Tab" && !leaving && !event.shiftKey) {
      event.preventDefault()
      insert(INDENT)
    }
    leaving = event.key === "Escape" || (leaving && event.key === "Shift")
  })
  model.on("source", () => {
    if (area.value === model.source) return
    area.value = model.source
    fit()
  })
  model.on("draft", () => keep(model.draft))
  const draft = model.keeps ? kept() : ""
  if (draft) model.on("after_render", () => model.send_msg({draft}))
  model.on("remove", () => clearTimeout(waiting))
  return box
}
