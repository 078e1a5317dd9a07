"use strict";
/* Starts a report: its data, which of its pages is open, what stands above and below. */

(() => {
  const report = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("main");
  const count = report.sequences.length;
  const overview = count > 1 ? overviewFigure(report, (place) => `#${place}`) : null;
  let scrolled = 0;

  const show = (focus) => {
    const place = count === 1 ? 1 : Number(location.hash.slice(1));
    const view = report.sequences[place - 1];
    if (main.contains(overview)) scrolled = window.scrollY;
    main.replaceChildren(...(view ? [steering(place), sequenceFigure(view, report.scales)] : [overview ?? empty()]));
    document.title = `${view ? `${shown(view.id)} - ` : ""}${shown(report.title)} - cistrace`;
    window.scrollTo(0, view ? 0 : scrolled);
    if (focus) main.focus({ preventScroll: true });
  };

  const steering = (place) => {
    if (count === 1) return "";
    const link = (to, words) => (to >= 1 && to <= count ? html("a", { href: `#${to}` }, words) : html("span", { class: "muted", "aria-hidden": "true" }, words));
    return html("nav", { "aria-label": "Sequences" }, html("a", { href: "#" }, "All sequences"), html("span", { class: "muted" }, `${place} of ${count}`),
      link(place - 1, "\u2039 Previous"), link(place + 1, "Next \u203a"));
  };

  const empty = () => html("p", null, "No predictions.");

  const cells = [...new Set(report.sequences.flatMap((view) => view.cells.map((cell) => cell.cell_type)))];
  document.querySelector(".about").append(html("b", null, shown(report.title)), ` \u00b7 ${count.toLocaleString("en")} sequence${count === 1 ? "" : "s"} in ${cells.map(shown).join(", ")}`);

  const theme = document.querySelector(".theme");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const paint = (night) => {
    document.documentElement.dataset.theme = night ? "dark" : "light";
    theme.setAttribute("aria-pressed", String(night));
  };
  paint(dark);
  theme.addEventListener("click", () => paint(document.documentElement.dataset.theme !== "dark"));

  document.querySelector("footer").append(
    report.left_out ? html("p", null, `${report.left_out.toLocaleString("en")} further predictions are left out of this page.`) : "",
    html("p", null, "Activity is log2(RNA/DNA) of a reporter assay. The interval is to hold 90 % of measurements; the percentile is among natural elements; levels are the quartiles of natural enhancers, 0 the weakest. A verified trace agrees with its card in every claim and sum; that the cell works by those reasons is a hypothesis. What a base adds is a sequence model's word, no measurement."),
    ...report.made.map((one) => html("p", { class: "made" }, Object.entries(one).map(([name, value]) => `${name} ${shown(String(value))}`).join(" \u00b7 "))),
  );
  window.addEventListener("hashchange", () => location.hash !== "#main" && show(true));
  show(false);
})();
