// What is behind each tab: all of it stays in the page, and what is not in front is hidden.
export function render({ model }) {
  const panels = model.get_child("objects").map((content, place) => {
    const panel = document.createElement("div");
    panel.role = "tabpanel";
    panel.ariaLabel = `${model.titles[place]} tab`;
    const waiting = document.createElement("p");
    waiting.className = "waiting";
    waiting.textContent = `${model.titles[place]} is on its way`;
    panel.append(waiting, content);
    return panel;
  });
  let front = model.begin;
  const show = () =>
    panels.forEach((panel, place) => {
      panel.classList.toggle("behind", place !== front);
      panel.classList.toggle("unfilled", !model.filled[place]);
      panel.inert = place !== front;
    });
  model.on("active", () => {
    front = model.active;
    show();
  });
  model.on("filled", show);
  show();
  const all = document.createElement("div");
  all.append(...panels);
  return all;
}
