"use strict";
/* Pointing at a step lights its sites and its bar, pointing at a site the steps that are about it.

   A mark has data-mark: `site` (data-number) or `step` (data-sites, numbers of the sites that it is about), and lies in
   an element with data-cell, the cell type that it is of. Pointing, focusing and, for good, clicking light. */

function lightUp(figure) {
  let pinned = null;
  const show = (mark) => {
    for (const one of figure.querySelectorAll(".lit")) one.classList.remove("lit");
    for (const one of figure.querySelectorAll("[data-readout]")) one.textContent = one.dataset.readout;
    figure.classList.toggle("lighting", mark !== null);
    if (mark !== null) light(figure, mark);
  };
  const pin = (mark) => {
    if (pinned) buttonOf(pinned).setAttribute("aria-pressed", "false");
    pinned = mark === pinned ? null : mark;
    if (pinned) buttonOf(pinned).setAttribute("aria-pressed", "true");
    show(pinned ?? mark);
  };
  const markOf = (event) => event.target.closest("[data-mark]");
  figure.addEventListener("pointerover", (event) => show(markOf(event) ?? pinned));
  figure.addEventListener("pointerleave", () => show(pinned));
  figure.addEventListener("focusin", (event) => show(markOf(event) ?? pinned));
  figure.addEventListener("focusout", () => show(pinned));
  figure.addEventListener("click", (event) => {
    const mark = markOf(event);
    if (mark && buttonOf(mark)) pin(mark);
  });
  figure.addEventListener("keydown", (event) => {
    const mark = markOf(event);
    if (event.key === "Escape" && pinned !== null) pin(pinned);
    else if ((event.key === "Enter" || event.key === " ") && mark?.namespaceURI === SVG) {
      event.preventDefault();
      pin(mark);
    } else if (mark) move(mark, event);
  });
}

function light(figure, mark) {
  const cell = mark.closest("[data-cell]").dataset.cell;
  const sites = mark.dataset.mark === "site" ? [mark.dataset.number] : mark.dataset.sites.split(" ").filter(Boolean);
  for (const one of figure.querySelectorAll(`[data-cell="${cell}"] [data-mark], [data-cell="${cell}"][data-mark]`)) {
    const about = one.dataset.mark === "site" ? [one.dataset.number] : one.dataset.sites.split(" ");
    const told = one === mark || (one.dataset.mark !== mark.dataset.mark || mark.dataset.mark === "site") && meets(about, sites);
    if (told) one.classList.add("lit");
  }
  const site = figure.querySelector(`[data-cell="${cell}"] [data-mark="site"].lit[data-says]`);
  for (const one of figure.querySelectorAll(`[data-cell="${cell}"] [data-readout]`)) if (site) one.textContent = site.dataset.says;
}

/* What of a mark is pressed and focused: a step holds a button, a site on a track is one, one in a table is none. */
function buttonOf(mark) {
  return mark.matches("[aria-pressed]") ? mark : mark.querySelector("[aria-pressed]");
}

function meets(some, others) {
  return some.some((one) => others.includes(one));
}

/* Marks of one kind in one list are one stop of the tabulator; arrows go from one to the next. */
function move(mark, event) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const list = mark.closest("[data-list]");
  if (!by || !list) return;
  event.preventDefault();
  const marks = [...list.querySelectorAll("[data-mark]")].map(buttonOf).filter(Boolean);
  const next = marks[(marks.indexOf(buttonOf(mark)) + by + marks.length) % marks.length];
  for (const one of marks) one.setAttribute("tabindex", one === next ? "0" : "-1");
  next.focus();
}
