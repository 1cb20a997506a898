// The four vectors around a Jacobian: inputs on the left, outputs on the right, a product on each way.

const WAYS = {
  forward: {name: "JVP", words: "J v", hint: "Pushes v forward"},
  reverse: {name: "VJP", words: "Jᵀ u", hint: "Pulls u back"},
}

export function render({model}) {
  const root = html("div", {className: "products"})
  const cards = {}
  let layout = ""

  function send(which) {
    return (values, done) => { model.edit = {which, values, done} }
  }

  function card(name, drawing) {
    const heading = html("h4"), note = html("p", {className: "note"}), place = html("div", {className: "drawing"})
    const made = html("section", {className: `card ${name}`}, heading, place, note)
    if (drawing) place.append(drawing.root)
    cards[name] = {made, heading, note, drawing, place}
    return made
  }

  function way(kind) {
    const {name, words, hint} = WAYS[kind]
    const line = svg("svg", {class: "line", width: 62, height: 14, viewBox: "0 0 62 14", "aria-hidden": true},
      svg("path", {d: "M1 7H50", class: "stem"}), svg("path", {d: "M48 1L61 7L48 13Z", class: "tip"}))
    return html("div", {className: `way ${kind}`, title: hint}, html("strong", {textContent: name}), line, html("span", {textContent: words}))
  }

  function build({inputs, outputs}) {
    const next = `${inputs.plane}${outputs.plane}`
    if (next === layout) return
    layout = next
    for (const name of Object.keys(cards)) delete cards[name]
    // In the order in which a narrow page shows them, and a reader hears them.
    const left = inputs.plane ? card("inputs", plane(send("tangent"))) : card("tangent", bars(send("tangent")))
    const right = outputs.plane
      ? [card("outputs", plane(send("cotangent")))]
      : [card("pushed", bars()), card("cotangent", bars(send("cotangent")))]
    const ways = [way("forward"), way("reverse")]
    if (inputs.plane && outputs.plane) root.replaceChildren(left, ...ways, ...right)
    else if (inputs.plane) root.replaceChildren(left, ways[0], ...right, ways[1])
    else root.replaceChildren(left, ways[0], ...right, ways[1], card("pulled", bars()))
    root.className = `products ${inputs.plane ? "left-plane" : ""} ${outputs.plane ? "right-plane" : ""}`
    watch()
  }

  function show() {
    const {picture} = model
    if (!picture || !picture.cards) return
    build(picture)
    for (const [name, {made, heading, note, drawing, place}] of Object.entries(cards)) {
      const spec = picture.cards[name]
      heading.replaceChildren(...spec.title.map(([words, kind]) => html("span", {textContent: words, className: kind})))
      note.textContent = spec.note
      made.classList.toggle("missing", Boolean(spec.missing))
      place.hidden = Boolean(spec.missing)
      if (!spec.missing) drawing.show(spec)
    }
  }

  function paint() {
    for (const [name, color] of Object.entries(model.colors)) root.style.setProperty(`--${name}`, color)
  }

  const sizes = new ResizeObserver((entries) => {
    for (const {target, contentRect} of entries) {
      const found = Object.values(cards).find(({place}) => place === target)
      if (found && contentRect.width > 0) found.drawing.resize(Math.floor(contentRect.width))
    }
  })

  function watch() {
    sizes.disconnect()
    for (const {place} of Object.values(cards)) sizes.observe(place)
  }

  model.on("picture", show)
  model.on("colors", paint)
  model.on("remove", () => sizes.disconnect())
  paint()
  show()
  return root
}
