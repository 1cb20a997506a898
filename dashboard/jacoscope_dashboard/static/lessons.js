// Cards, one a lesson, built once and then kept up to date. Set as text, never as HTML.

let presses = 0

function element(kind, className, parent) {
  const made = document.createElement(kind)
  made.className = className
  parent.append(made)
  return made
}

function makeCard(model, lesson, list) {
  const card = element("section", "lesson", list)
  const claim = element("h3", "", card)
  const verdict = element("span", "tag", claim.parentElement)
  const text = element("p", "measured", card)
  const why = element("p", "quiet", card)
  const source = element("p", "quiet from", card)
  const buttons = element("div", "buttons", card)
  text.setAttribute("role", "status")
  const press = (label, action) => {
    const button = element("button", "copy", buttons)
    button.type = "button"
    button.textContent = label
    button.setAttribute("aria-label", `${label}: ${lesson.claim}`)
    button.addEventListener("click", () => {
      presses += 1
      model.asked = {name: lesson.name, action, presses}
    })
    return button
  }
  const attempt = press("Try it here", "try")
  press("Open its settings", "open")
  return (now, busy) => {
    card.setAttribute("aria-label", now.claim)
    card.className = `lesson ${now.kind}`
    claim.textContent = now.claim
    verdict.textContent = now.verdict
    text.textContent = now.text
    text.hidden = !now.text
    why.textContent = now.why
    source.textContent = `Said by: ${now.source}`
    attempt.disabled = busy
  }
}

export function render({model}) {
  const list = document.createElement("div")
  list.className = "lessons"
  const cards = new Map()
  const show = () => {
    for (const lesson of model.lessons) {
      if (!cards.has(lesson.name)) cards.set(lesson.name, makeCard(model, lesson, list))
      cards.get(lesson.name)(lesson, model.busy)
    }
  }
  model.on("lessons", show)
  model.on("busy", show)
  show()
  return list
}
