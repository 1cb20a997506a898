// One vector on its own.

export function render({model}) {
  const root = html("div", {className: "drawing alone"})
  const drawing = bars()
  root.append(drawing.root)

  function show() {
    root.hidden = !model.vector.values
    if (model.vector.values) drawing.show(model.vector)
  }

  function paint() {
    for (const [name, color] of Object.entries(model.colors)) root.style.setProperty(`--${name}`, color)
  }

  const sizes = new ResizeObserver(([{contentRect}]) => {
    if (contentRect.width > 0) drawing.resize(Math.floor(contentRect.width))
  })
  sizes.observe(root)
  model.on("vector", show)
  model.on("colors", paint)
  model.on("remove", () => sizes.disconnect())
  paint()
  show()
  return root
}
