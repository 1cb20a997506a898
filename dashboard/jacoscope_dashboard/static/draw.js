// What the drawings of vectors share: elements, numbers in words, round limits, and edits on their way.

const SVG = "http://www.w3.org/2000/svg"

function html(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag)
  set(made, attributes)
  made.append(...children)
  return made
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null) node.removeAttribute(name)
    else node.setAttribute(name, value)
  }
}

function text(words, x, y, attributes = {}) {
  const made = svg("text", {x, y, ...attributes})
  made.textContent = words
  return made
}

function titled(node, words) {
  node.querySelector(":scope > title")?.remove()
  const title = svg("title")
  title.textContent = words
  node.prepend(title)
  return node
}

// Three significant digits and a true minus sign.
function write(value) {
  if (Number.isNaN(value)) return "NaN"
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞"
  const size = Math.abs(value)
  const plain = size !== 0 && (size < 1e-3 || size >= 1e4)
    ? value.toExponential(1).replace("e+", "e")
    : String(Number(value.toPrecision(3)))
  return plain.replaceAll("-", "−")
}

// The first of 1, 2, 5, 10, … that is no smaller.
function roundUp(value) {
  if (!(value > 0) || !Number.isFinite(value)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9)) * power
}

function largest(values) {
  return values.reduce((most, value) => Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most, 0)
}

// A hundredth of a round limit: what a drag and the arrow keys are rounded to.
function fineness(limit) {
  return 10 ** (Math.floor(Math.log10(limit) + 1e-9) - 2)
}

function rounded(value, step) {
  return Number((Math.round(value / step) * step).toPrecision(12))
}

// An edited vector. What the hand has done is shown at once, until the answer to it has come; on
// the way out, edits are thinned, and the last one of a gesture is marked as done.
function edited(send, redraw) {
  let values = null, held = false, sent = 0, timer = null, forget = null

  function push(done) {
    clearTimeout(timer)
    timer = null
    sent = performance.now()
    send(values, done)
    clearTimeout(forget)
    forget = setTimeout(() => { if (!held) { values = null; redraw() } }, 1500)
  }

  return {
    get values() { return values },
    get held() { return held },
    grab() { held = true },
    move(next) {
      values = next
      redraw()
      if (timer === null) timer = setTimeout(() => push(false), Math.max(0, sent + 40 - performance.now()))
    },
    // A key press is a gesture that ends when no other follows.
    nudge(next) {
      values = next
      held = true
      redraw()
      push(false)
      timer = setTimeout(() => { held = false; push(true) }, 500)
    },
    release() {
      if (!held) return
      held = false
      if (values !== null) push(true)
    },
    answered(answer) {
      const same = values !== null && values.length === answer.length
        && values.every((value, i) => Math.abs(value - answer[i]) <= 1e-5 * (1 + Math.abs(value)))
      if (same && !held) values = null
    },
  }
}
