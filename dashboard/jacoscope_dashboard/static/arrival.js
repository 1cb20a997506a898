// Says that this browser has built the widget, and can be told of changes. While a kernel answers,
// the widget is shown, and else the keepsake, which stands in the same output.

const PATIENCE_MS = 4000

export function render({model, view}) {
  const widget = view.root.el
  const unanswered = setTimeout(() => {
    if (keepsakeOf(model)) widget.style.display = "none"
  }, PATIENCE_MS)

  model.on("msg:custom", () => {
    clearTimeout(unanswered)
    widget.style.display = ""
    hideKeepsake(model)
  })
  model.on("after_render", () => {
    const document = view.model.document
    if (document === null) return // its cell has been run again already
    for (const root of document.roots()) {
      if (root._client_comm !== undefined) answerNothing(root, document)
    }
    model.send_msg("there")
  })
}

function keepsakeOf(model) {
  return document.querySelector(`[data-jacoscope="${model.keepsake}"]`)
}

// By a rule, not on the element: with each result there is another one of that name.
function hideKeepsake(model) {
  const rule = `[data-jacoscope="${model.keepsake}"] { display: none }`
  const style = document.createElement("style")
  style.textContent = rule
  document.head.append(style)
}

// Panel's channel to a kernel answers each change that it has been sent with that same change, a
// moment later. The kernel may have gone on by then, and would be taken back.
function answerNothing(channel, document) {
  document.remove_on_change(channel._document_listener)
  document.on_change((event) => {
    if (event.sync) channel._document_listener(event)
  })
}
