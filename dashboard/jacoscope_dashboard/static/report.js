// The figures of a report, drawn for the page's color scheme and anew when that changes; and what
// its buttons do.
(() => {
  const byId = (id) => document.getElementById(id)
  const drawn = JSON.parse(byId("drawn").textContent)
  const dark = window.matchMedia("(prefers-color-scheme: dark)")
  let views = null
  let drawing = Promise.resolve()

  async function draw() {
    const scheme = dark.matches ? "dark" : "light"
    const {doc, roots} = drawn[scheme]
    views?.clear()
    for (const key of Object.values(roots)) byId(key).dataset.drawn = scheme
    const item = {docid: scheme, roots, root_ids: Object.keys(roots)}
    views = (await Bokeh.embed.embed_items({[scheme]: doc}, [item]))[0]
    document.documentElement.dataset.drawn = scheme
  }

  function save(blob, name) {
    const link = document.createElement("a")
    link.href = URL.createObjectURL(blob)
    link.download = name
    link.click()
    URL.revokeObjectURL(link.href)
  }

  function redraw() {
    drawing = drawing.then(draw)
  }

  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", async () => {
      await drawing
      const view = views.roots.find((each) => byId(button.dataset.save).contains(each.el))
      save(await view.export("svg").to_blob(), `${button.dataset.save}.svg`)
    })
  }
  byId("save").addEventListener("click", () => {
    save(new Blob([byId("study").textContent], {type: "application/json"}), "study.json")
  })
  byId("copy")?.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(byId("code").textContent)
      byId("said").textContent = "Copied"
    } catch {
      window.getSelection().selectAllChildren(byId("code"))
      byId("said").textContent = "The browser does not allow it. It is selected below."
    }
  })
  dark.addEventListener("change", redraw)
  redraw()
})()
