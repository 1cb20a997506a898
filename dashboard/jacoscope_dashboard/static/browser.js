// What only the browser knows: the address, and whether the window is narrow.

export function render({model}) {
  const write = () => {
    if (model.search !== window.location.search) {
      const path = window.location.pathname + model.search + window.location.hash
      window.history.pushState(null, "", path)
    }
  }
  const read = () => { model.search = window.location.search }

  const take = () => {
    const fragment = window.location.hash
    if (!fragment.startsWith("#code=")) return
    window.history.replaceState(null, "", window.location.pathname + window.location.search)
    model.fragment = ""  // the same link again is an event, too
    model.fragment = fragment
  }

  model.on("search", write)
  window.addEventListener("popstate", read)
  window.addEventListener("hashchange", take)
  model.on("remove", () => {
    window.removeEventListener("popstate", read)
    window.removeEventListener("hashchange", take)
  })
  model.on("after_render", () => {
    model.narrow = window.innerWidth < model.limit
    take()
  })
  return document.createElement("span")
}
