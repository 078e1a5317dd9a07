"use strict";
/* Starts the page: what can be asked, the question, its progress, and which of the answers is open. */

(() => {
  const by = (id) => document.getElementById(id);
  const [text, found, says, fault, progress] = ["sequences", "found", "says", "fault", "progress"].map(by);
  const report = { title: "Sequences", scales: {}, sequences: [] };
  let answers = [];
  let options = null;
  let asked = null;

  const chosen = () => [...by("cells").querySelectorAll("input:checked")].map((one) => one.value);

  const about = async () => {
    const [what, scales] = await Promise.all([answerTo("/api/about"), answerTo("/page/scales")]);
    report.scales = scales;
    by("cells").append(...what.cell_types.map((name) => html("label", null, html("input", { type: "checkbox", value: name, checked: true }), ` ${shown(name)}`)));
    by("trace").checked = what.traces;
    by("trace").disabled = !what.traces;
    document.querySelector(".made").textContent = `cistrace ${what.cistrace} \u00b7 checkpoint ${what.checkpoint} \u00b7 reads ${what.window} bp at once`;
  };

  const show = (focus) => {
    const place = answers.length === 1 ? 1 : Number(location.hash.slice(1));
    const one = answers[place - 1];
    report.sequences = answers.map((answer) => answer.view);
    found.replaceChildren(...(one ? [steering(place), benchFigure(one, report.scales, options)] : answers.length ? [overviewFigure(report, (at) => `#${at}`)] : []));
    if (focus) by("main").focus({ preventScroll: true });
  };

  const steering = (place) => {
    if (answers.length === 1) return "";
    const link = (to, words) => (to >= 1 && to <= answers.length ? html("a", { href: `#${to}` }, words) : html("span", { class: "muted", "aria-hidden": "true" }, words));
    return html("nav", { "aria-label": "Sequences" }, html("a", { href: "#" }, "All sequences"), html("span", { class: "muted" }, `${place} of ${answers.length}`),
      link(place - 1, "\u2039 Previous"), link(place + 1, "Next \u203a"));
  };

  const busy = (working) => {
    by("ask").disabled = working;
    by("stop").hidden = progress.hidden = !working;
    if (working) progress.removeAttribute("value");
  };

  const heard = (name, plain) => {
    if (name === "view") answers.push(plain);
    if (name !== "progress") return;
    progress.max = plain.total;
    progress.value = plain.done;
    says.textContent = `${plain.done.toLocaleString("en")} of ${plain.total.toLocaleString("en")} predictions`;
  };

  const predict = async () => {
    fault.textContent = says.textContent = "";
    if (!chosen().length) {
      fault.textContent = "Choose at least one cell type.";
      return;
    }
    asked = new AbortController();
    options = { cell_types: chosen(), trace: by("trace").checked, contributions: by("contributions").checked };
    answers = [];
    found.replaceChildren();
    busy(true);
    try {
      await followed("/page/views", { ...options, sequences: text.value }, heard, asked.signal);
    } catch (error) {
      if (error.name !== "AbortError") fault.textContent = faultWords(error);
      else says.textContent = "Stopped.";
    }
    busy(false);
    if (location.hash.length > 1) history.replaceState(null, "", "#");
    show(false);
  };

  const read = async (file) => {
    text.value = await file.text();
    says.textContent = `${shown(file.name)} is read.`;
  };

  by("question").addEventListener("submit", (event) => {
    event.preventDefault();
    predict();
  });
  by("stop").addEventListener("click", () => asked?.abort());
  by("file").addEventListener("change", (event) => event.target.files[0] && read(event.target.files[0]));
  for (const kind of ["dragover", "dragenter"]) {
    text.addEventListener(kind, (event) => {
      event.preventDefault();
      text.classList.add("dropping");
    });
  }
  text.addEventListener("dragleave", () => text.classList.remove("dropping"));
  text.addEventListener("drop", (event) => {
    text.classList.remove("dropping");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    read(event.dataTransfer.files[0]);
  });

  const theme = document.querySelector(".theme");
  const paint = (night) => {
    document.documentElement.dataset.theme = night ? "dark" : "light";
    theme.setAttribute("aria-pressed", String(night));
  };
  paint(matchMedia("(prefers-color-scheme: dark)").matches);
  theme.addEventListener("click", () => paint(document.documentElement.dataset.theme !== "dark"));
  window.addEventListener("hashchange", () => location.hash !== "#main" && show(true));
  about().catch((error) => { fault.textContent = faultWords(error); });
})();
