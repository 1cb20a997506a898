// A vector as bars around zero. Few numbers can be edited: by dragging, and each by the arrow keys.

const BARS = {height: 184, top: 22, bottom: 40, left: 46, right: 8}

function bars(edit) {
  const root = svg("svg", {class: "bars", height: BARS.height})
  const ground = svg("g"), marks = svg("g"), over = svg("g", {"pointer-events": "none"})
  root.append(ground, marks, over)
  let vector = null, width = 0, limit = 1, slots = [], active = -1
  const editing = edited((values, done) => edit(values, done), draw)

  const middle = BARS.top + (BARS.height - BARS.top - BARS.bottom) / 2
  const reach = middle - BARS.top
  const slot = () => (width - BARS.left - BARS.right) / Math.max(1, vector.values.length)
  const place = (i) => BARS.left + (i + 0.5) * slot()
  const level = (value) => middle - reach * Math.max(-1, Math.min(1, value / limit))

  function shown() {
    return vector.editable && editing.values?.length === vector.values.length ? editing.values : vector.values
  }

  function changed(i, value) {
    const next = [...shown()]
    next[i] = rounded(value, fineness(limit))
    return next
  }

  function handle(i) {
    const hit = svg("rect", {class: "hit", fill: "transparent"})
    const grip = vector.kind === "forward"
      ? svg("circle", {class: "grip", r: 6}) : svg("rect", {class: "grip", width: 11, height: 11})
    const group = svg("g", {role: "slider", tabindex: 0, "aria-orientation": "vertical"}, hit, grip)
    const from = (event) => (middle - (event.clientY - root.getBoundingClientRect().top)) / reach * limit
    group.addEventListener("pointerdown", (event) => {
      event.preventDefault()
      group.focus({preventScroll: true})
      group.setPointerCapture(event.pointerId)
      editing.grab()
      active = i
      editing.move(changed(i, Math.max(-limit, Math.min(limit, from(event)))))
    })
    group.addEventListener("pointermove", (event) => {
      if (active === i) editing.move(changed(i, Math.max(-limit, Math.min(limit, from(event)))))
    })
    const end = () => { if (active === i) { active = -1; editing.release(); draw() } }
    group.addEventListener("pointerup", end)
    group.addEventListener("pointercancel", end)
    group.addEventListener("keydown", (event) => {
      const step = fineness(limit) * (event.shiftKey ? 1 : 10)
      const now = shown()[i]
      const next = {
        ArrowUp: now + step, ArrowRight: now + step, ArrowDown: now - step, ArrowLeft: now - step,
        PageUp: now + 10 * step, PageDown: now - 10 * step, Home: -limit, End: limit, 0: 0, Delete: 0,
      }[event.key]
      if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      editing.nudge(changed(i, next))
    })
    return {group, hit, grip}
  }

  function draw() {
    if (vector === null || width <= 0) return
    const values = shown(), wide = slot()
    if (!editing.held || editing.values === null || active < 0) {
      limit = roundUp(Math.max(largest(values), vector.editable ? 1 : 0))
    }
    set(root, {width, viewBox: `0 0 ${width} ${BARS.height}`, class: `bars ${vector.kind}`})
    ground.replaceChildren(
      ...[limit, 0, -limit].flatMap((value) => [
        svg("line", {class: value ? "grid" : "zero", x1: BARS.left, x2: width - BARS.right, y1: level(value), y2: level(value)}),
        text(write(value), BARS.left - 7, level(value) + 4, {class: "tick", "text-anchor": "end"}),
      ]),
      ...names(wide),
    )
    const thick = Math.max(1, Math.min(38, wide * (wide > 4 ? 0.62 : 0.9)))
    const drawn = values.map((value, i) => bar(value, i, thick, wide))
    if (vector.editable && slots.length === values.length) {
      slots.forEach((each, i) => adjust(each, i, values[i], wide, drawn[i]))
    } else {
      slots = vector.editable ? values.map((_, i) => handle(i)) : []
      slots.forEach((each, i) => adjust(each, i, values[i], wide, drawn[i]))
      marks.replaceChildren(...(vector.editable ? slots.map((each) => each.group) : drawn))
    }
    over.replaceChildren(...(wide >= 38 ? values.flatMap((value, i) => Number.isFinite(value) ? [amount(value, i)] : []) : []))
  }

  function bar(value, i, thick, wide) {
    const words = `${vector.names[i]} = ${write(value)}`
    if (!Number.isFinite(value)) {
      const name = wide >= 38 ? write(value) : "!"
      return titled(text(name, place(i), middle - 4, {class: "odd", "text-anchor": "middle"}), words)
    }
    const y = level(value)
    const made = svg("rect", {
      class: wide > 20 ? "bar wide" : wide > 4 ? "bar" : "bar thin", x: place(i) - thick / 2, width: thick,
      y: Math.min(y, middle), height: Math.abs(y - middle), display: value ? null : "none",
    })
    return titled(made, words)
  }

  function adjust({group, hit, grip}, i, value, wide, drawn) {
    group.querySelector(":scope > .bar, :scope > .odd")?.remove()
    group.insertBefore(drawn, grip)
    set(hit, {x: place(i) - wide / 2, y: BARS.top - 8, width: wide, height: 2 * reach + 16})
    const [x, y] = [place(i), level(value)]
    set(grip, vector.kind === "forward" ? {cx: x, cy: y} : {x: x - 5.5, y: y - 5.5})
    set(group, {
      "aria-label": `${vector.role}, ${vector.names[i]}`, "aria-valuemin": -limit, "aria-valuemax": limit,
      "aria-valuenow": value, "aria-valuetext": write(value),
    })
  }

  function amount(value, i) {
    const below = value < 0
    const y = Math.max(BARS.top - 9, Math.min(BARS.height - BARS.bottom + 21, level(value) + (below ? 21 : -11)))
    return text(write(value), place(i), y, {class: "amount", "text-anchor": "middle"})
  }

  function names(wide) {
    const y = BARS.height - 4, count = vector.names.length
    const fits = Math.max(0, ...vector.names.map((name) => name.length)) * 6.4 < wide
    const at = fits ? vector.names.map((_, i) => i) : count > 1 ? [0, count - 1] : count ? [0] : []
    return at.map((i) => {
      const anchor = fits ? "middle" : i ? "end" : "start"
      const x = fits ? place(i) : i ? width - BARS.right : BARS.left
      return text(vector.names[i], x, y, {class: "name", "text-anchor": anchor})
    })
  }

  return {
    root,
    show(next) {
      if (vector?.kind !== next.kind || vector?.editable !== next.editable) slots = []
      vector = next
      editing.answered(next.values)
      set(root, vector.editable
        ? {role: "group", "aria-label": `${vector.role}: ${vector.values.length} sliders`}
        : {role: "img", "aria-label": vector.summary})
      draw()
    },
    resize(next) {
      width = next
      draw()
    },
  }
}
