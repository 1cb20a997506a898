// What only the browser knows: the address, and whether the window is narrow.

export function render({model}) {
  const write = () => {
    if (model.search !== window.location.search) {
      const path = window.location.pathname + model.search + window.location.hash
      window.history.pushState(null, "", path)
    }
  }
  const read = () => { model.search = window.location.search }

  model.on("search", write)
  window.addEventListener("popstate", read)
  model.on("remove", () => window.removeEventListener("popstate", read))
  model.on("after_render", () => { model.narrow = window.innerWidth < model.limit })
  return document.createElement("span")
}
