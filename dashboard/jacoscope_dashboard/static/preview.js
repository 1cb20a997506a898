// Takes the preview away once the page behind it is drawn, or has failed to be.
(() => {
  const preview = document.getElementById("preview")
  const loader = document.getElementById("loader")
  const pictured = preview.querySelector("img") !== null
  const patience = performance.now() + 30000
  let frames = 2 // from being drawn to being on the screen

  const drawn = () => {
    const index = window.Bokeh?.index
    if (!index?.query) return false
    if (!pictured) return index.roots[0]?.is_idle ?? false
    for (const view of index.query((each) => each.frame && each.canvas_view)) {
      if (view.is_idle) return true
    }
    return false
  }
  const look = () => {
    if (drawn()) frames -= 1
    const failed = loader.classList.contains("error")
    if (frames < 0 || failed || performance.now() > patience) preview.remove()
    else requestAnimationFrame(look)
  }
  look()
})()
