// Says that this browser has built the widget, and can be told of changes. While a kernel answers,
// the widget is shown, and else the keepsake, which stands in the same output.

const PATIENCE_MS = 4000
const AGAIN_MS = 500
const TIMES = 240 // two minutes: a kernel may be busy

export function render({model, view}) {
  const widget = view.root.el
  let channels = []
  let asked = 0
  let answered = false

  const ask = () => {
    const gone = view.model.document === null // its cell has been run again
    if (answered || gone || asked === TIMES) return
    asked += 1
    for (const channel of channels) waitForNothing(channel)
    model.send_msg("there")
    setTimeout(ask, AGAIN_MS) // a word may be lost
  }
  model.on("answers", () => {
    if (!answered) hideKeepsake(model)
    answered = true
    widget.style.display = ""
  })
  model.on("after_render", () => {
    const document = view.model.document
    if (document === null || asked > 0) return
    channels = document.roots().filter((root) => root._client_comm !== undefined)
    for (const channel of channels) answerNothing(channel, document)
    ask()
  })
  setTimeout(() => {
    if (!answered && keepsakeOf(model)) widget.style.display = "none"
  }, PATIENCE_MS)
}

function keepsakeOf(model) {
  return document.querySelector(`[data-jacoscope="${model.keepsake}"]`)
}

// By a rule, not on the element: with each result there is another one of that name.
function hideKeepsake(model) {
  const style = document.createElement("style")
  style.textContent = `[data-jacoscope="${model.keepsake}"] { display: none }`
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

// Panel's channel sends nothing for five seconds after what was lost. The first word is lost where
// the kernel reads it before it has opened the channel: JupyterLab sends it on a thread of its own.
function waitForNothing(channel) {
  channel._timeout = 0
}
