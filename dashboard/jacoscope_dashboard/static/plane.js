// A plane with two arrows, one of them to be dragged, and what the Jacobian does to a circle there.

const PLANE = {side: 330, pad: 30}

function plane(edit) {
  const root = svg("svg", {class: "plane"})
  const ground = svg("g"), arrows = svg("g")
  root.append(ground, arrows)
  let spec = null, width = 0, limit = 1, grips = null, pressed = false
  const editing = edited((values, done) => edit(values, done), draw)

  const side = () => Math.min(PLANE.side, width)
  const unit = () => (side() - 2 * PLANE.pad) / (2 * limit)
  const at = ([a, b]) => [width / 2 + a * unit(), side() / 2 - b * unit()]
  const own = () => spec.arrows.find((arrow) => arrow.editable)
  const valuesOf = (arrow) => arrow.editable && editing.values !== null ? editing.values : arrow.values

  function path(points, closed = false) {
    return points.map((point, i) => `${i ? "L" : "M"}${at(point).map((n) => n.toFixed(1)).join(" ")}`).join("") + (closed ? "Z" : "")
  }

  function draw() {
    if (spec === null || width <= 0) return
    if (!pressed) {
      const far = spec.arrows.map((arrow) => largest(valuesOf(arrow) ?? []))
      const ends = spec.shapes.map((shape) => largest(shape.points.flat()))
      limit = 1.12 * Math.max(1, ...far, ...ends)
    }
    set(root, {width, height: side(), viewBox: `0 0 ${width} ${side()}`})
    ground.replaceChildren(
      ...grid(),
      ...spec.shapes.map((shape) => svg("path", {class: `shape ${shape.kind}`, d: path(shape.points, true)})),
      ...spec.axes.flatMap((axis) => direction(axis)),
    )
    if (grips === null || grips.length !== spec.arrows.length) {
      grips = spec.arrows.map((arrow) => grip(arrow))
      arrows.replaceChildren(...grips.map((each) => each.group))
    }
    spec.arrows.forEach((arrow, i) => adjust(grips[i], arrow))
  }

  function grid() {
    const step = roundUp(limit / 2.6)
    const count = Math.floor(limit / step + 1e-9)
    const lines = []
    for (let k = -count; k <= count; k++) {
      const [x, y] = at([k * step, k * step])
      const [low, high] = [at([-limit, -limit]), at([limit, limit])]
      const kind = k ? "grid" : "zero"
      lines.push(
        svg("line", {class: kind, x1: x, x2: x, y1: low[1], y2: high[1]}),
        svg("line", {class: kind, x1: low[0], x2: high[0], y1: y, y2: y}),
      )
      if (k) {
        lines.push(text(write(k * step), x, low[1] + 15, {class: "tick", "text-anchor": "middle"}))
        lines.push(text(write(k * step), low[0] - 6, y + 4, {class: "tick", "text-anchor": "end"}))
      }
    }
    const [right, top] = at([limit, limit])
    lines.push(text(spec.names[0], right, side() - 2, {class: "name", "text-anchor": "end"}))
    lines.push(text(spec.names[1], at([-limit, 0])[0], top - 8, {class: "name", "text-anchor": "middle"}))
    return lines
  }

  // A direction as good as its opposite: named at the end that is farther from the arrows' tips.
  function direction({label, to}) {
    const [x, y] = at(to), [ox, oy] = at([0, 0])
    const ends = [[x, y], [2 * ox - x, 2 * oy - y]]
    const tips = spec.arrows.map(valuesOf).filter((values) => values?.every(Number.isFinite)).map(at)
    const clear = ([a, b]) => Math.min(...tips.map(([p, q]) => Math.hypot(a - p, b - q)), 60)
    const [a, b] = clear(ends[1]) > clear(ends[0]) + 8 ? ends[1] : ends[0]
    const far = Math.hypot(a - ox, b - oy) || 1
    return [
      svg("line", {class: "singular", x1: ends[0][0], y1: ends[0][1], x2: ends[1][0], y2: ends[1][1]}),
      text(label, a + 14 * (a - ox) / far, b + 14 * (b - oy) / far + 4, {class: "singular", "text-anchor": "middle"}),
    ]
  }

  function grip(arrow) {
    const line = svg("line", {class: "shaft"}), head = svg("path", {class: "head"})
    const label = text("", 0, 0, {class: "label", "text-anchor": "middle"})
    const group = svg("g", {class: `arrow ${arrow.kind}`}, line, head, label)
    if (!arrow.editable) return {group, line, head, label}
    const hit = svg("circle", {class: "hit", r: 18, fill: "transparent"})
    const knob = arrow.kind === "forward"
      ? svg("circle", {class: "grip", r: 7}) : svg("rect", {class: "grip", width: 13, height: 13})
    group.append(hit, knob)
    set(group, {role: "slider", tabindex: 0, "aria-roledescription": "arrow"})
    group.addEventListener("keydown", (event) => {
      const step = fineness(roundUp(limit)) * (event.shiftKey ? 1 : 10)
      const [a, b] = valuesOf(own())
      const next = {
        ArrowLeft: [a - step, b], ArrowRight: [a + step, b], ArrowDown: [a, b - step], ArrowUp: [a, b + step],
        Home: [1, 0], 0: [0, 0], Delete: [0, 0],
      }[event.key]
      if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      editing.nudge(next.map((value) => rounded(value, fineness(roundUp(limit)))))
    })
    return {group, line, head, label, hit, knob}
  }

  function adjust({group, line, head, label, hit, knob}, arrow) {
    const values = valuesOf(arrow)
    const known = values !== null && values.every(Number.isFinite)
    set(group, {display: known ? null : "none"})
    if (!known) return
    const [x, y] = at(values), [ox, oy] = at([0, 0])
    const far = Math.hypot(x - ox, y - oy)
    const [dx, dy] = far > 1e-6 ? [(x - ox) / far, (y - oy) / far] : [1, 0]
    set(line, {x1: ox, y1: oy, x2: x - Math.min(far, 7) * dx, y2: y - Math.min(far, 7) * dy})
    const wing = (s) => `${(x - 12 * dx - s * 5 * dy).toFixed(1)} ${(y - 12 * dy + s * 5 * dx).toFixed(1)}`
    set(head, {d: far > 3 && !knob ? `M${x.toFixed(1)} ${y.toFixed(1)}L${wing(1)}L${wing(-1)}Z` : ""})
    label.textContent = arrow.label
    // Beside the tip, on the side that is clear of the shaft.
    const away = arrow.kind === "forward" ? 1 : -1
    const gap = knob ? 24 : 17
    set(label, {x: x + 8 * dx - away * gap * dy, y: y + 8 * dy + away * gap * dx + 5})
    if (!knob) return
    set(hit, {cx: x, cy: y})
    set(knob, arrow.kind === "forward" ? {cx: x, cy: y} : {x: x - 6.5, y: y - 6.5})
    set(group, {
      "aria-label": arrow.role, "aria-valuenow": values[0],
      "aria-valuetext": `${spec.names[0]} ${write(values[0])}, ${spec.names[1]} ${write(values[1])}`,
    })
  }

  function moved(event) {
    const box = root.getBoundingClientRect()
    const x = (event.clientX - box.left - width / 2) / unit()
    const y = (side() / 2 - (event.clientY - box.top)) / unit()
    const inside = (value) => rounded(Math.max(-limit, Math.min(limit, value)), fineness(roundUp(limit)))
    editing.move([inside(x), inside(y)])
  }

  root.addEventListener("pointerdown", (event) => {
    const knob = event.target.closest?.("[role=slider]")
    // A finger scrolls the page, unless it is put on the arrow's tip.
    if (!own() || !(knob || event.pointerType === "mouse") || event.button) return
    event.preventDefault()
    root.setPointerCapture(event.pointerId)
    root.querySelector("[role=slider]")?.focus({preventScroll: true})
    pressed = true
    editing.grab()
    moved(event)
  })
  root.addEventListener("pointermove", (event) => { if (pressed) moved(event) })
  const end = () => { if (pressed) { pressed = false; editing.release(); draw() } }
  root.addEventListener("pointerup", end)
  root.addEventListener("pointercancel", end)

  return {
    root,
    show(next) {
      if (spec && spec.arrows.some((arrow, i) => arrow.editable !== next.arrows[i]?.editable)) grips = null
      spec = next
      const mine = own()
      if (mine) editing.answered(mine.values)
      set(root, {role: "group", "aria-label": spec.summary})
      draw()
    },
    resize(next) {
      width = next
      draw()
    },
  }
}
