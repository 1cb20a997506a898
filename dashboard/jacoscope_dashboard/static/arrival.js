// Says that this browser has built the widget, and can be told of changes.

export function render({model, view}) {
  model.on("after_render", () => {
    const document = view.model.document
    for (const root of document.roots()) {
      if (root._client_comm !== undefined) answerNothing(root, document)
    }
    model.there = true
  })
}

// Panel's channel to a kernel answers each change that it has been sent with that same change, a
// moment later. The kernel may have gone on by then, and would be taken back.
function answerNothing(channel, document) {
  document.remove_on_change(channel._document_listener)
  document.on_change((event) => {
    if (event.sync) channel._document_listener(event)
  })
}
