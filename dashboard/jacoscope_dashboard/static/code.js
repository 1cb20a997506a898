// A script that can be copied, and read when it is unfolded, or the address of the page. Set as
// text, never as HTML.

function copyBySelection(text) {  // where the page is not served over https or from this machine
  const area = document.createElement("textarea")
  area.value = text
  area.style.position = "fixed"
  area.style.opacity = "0"
  document.body.append(area)
  area.select()
  const done = document.execCommand("copy")
  area.remove()
  if (!done) throw new Error("not allowed")
}

export function render({model}) {
  const button = document.createElement("button")
  button.type = "button"
  button.className = "copy"
  button.textContent = model.label
  const said = document.createElement("span")
  said.className = "said"
  said.setAttribute("role", "status")
  const summary = document.createElement("summary")
  summary.textContent = "Show code"
  const script = document.createElement("pre")
  script.tabIndex = 0
  script.setAttribute("aria-label", "Code")
  const details = document.createElement("details")
  details.append(summary, script)
  details.open = model.unfolded
  const box = document.createElement("div")
  box.className = "code"
  box.append(button, said, details)
  const address = () => {
    const page = window.location.href.split("#")[0]
    return model.fragment ? `${page}#${model.fragment}` : page
  }
  const text = () => model.code || address()

  let clearing = 0
  button.addEventListener("click", async () => {
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text())
      else copyBySelection(text())
      said.textContent = "Copied"
    } catch {
      fill()
      details.hidden = false
      details.open = true
      window.getSelection().selectAllChildren(script)
      said.textContent = "The browser does not allow it. It is selected below."
    }
    clearTimeout(clearing)
    clearing = setTimeout(() => { said.textContent = "" }, 4000)
  })
  button.addEventListener("blur", () => { said.textContent = "" })

  const fill = () => {
    script.textContent = text()
    details.hidden = !model.code
  }
  model.on("code", fill)
  fill()
  return box
}
