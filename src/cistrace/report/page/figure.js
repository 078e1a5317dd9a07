"use strict";
/* All that is shown of one sequence: a function of its object (report/view.py) and of the scales of the cell types. */

const FLAGS = {
  padded: "shorter than the model's window",
  tiled: "longer than the model's window: the best of so many windows",
  ambiguous: "letters other than A, C, G and T",
  unusual_gc: "GC content outside the middle 99 % of the training elements",
  low_complexity: "much of it is repetitive",
  no_motif: "no motif fits",
  out_of_domain: "unlike what the model learnt from: the interval is wider, and beyond it little was measured",
  no_interval: "the model was calibrated on too few measurements to state an interval",
  grounded_trace: "the model's own trace did not hold: the card's ledger is told in its place",
};
const ZOOMS = [["Fit", 1], ["2\u00d7", 2], ["4\u00d7", 4]];
const WIDE = 1100; // pixels of a track that is drawn whole

function sequenceFigure(given, scales) {
  const view = withSites(given);
  const figure = html("article", { class: "sequence" },
    sequenceHead(view),
    section("Activity", html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Activity in every cell type" }, activityFigure(view, scales))),
    tracksSection(view),
    view.cells.map((cell, index) => section(`Reasoning in ${shown(cell.cell_type)}`, html("div", { class: "scroll", "data-cell": index }, traceFigure(cell, fallDomain(view.cells))), fallLegend(cell))),
    siteSection(view),
  );
  lightUp(figure);
  return figure;
}

/* The object with every cell type's sites in full: what all share of a site stands once in it. */
function withSites(view) {
  return { ...view, cells: view.cells.map((cell) => ({ ...cell, sites: cell.sites.map((own) => ({ ...view.sites[own.site], ...own })) })) };
}

function section(title, ...content) {
  return html("section", null, html("h3", null, title), content);
}

function sequenceHead(view) {
  const flags = [...new Set(view.cells.flatMap((cell) => cell.flags))].filter((flag) => !flag.startsWith("window:"));
  const places = view.windows.map(span);
  return html("header", { class: "head" },
    html("h2", null, html("bdi", null, shown(view.id))),
    html("p", { class: "muted" }, `Position${places.length > 1 ? "s" : ""} ${places.join(", ")} of the input`),
    flags.length ? html("ul", { class: "flags" }, flags.map((flag) => html("li", null, html("b", null, shown(flag)), ` ${FLAGS[flag.split(":")[0]] ?? ""}`))) : null,
  );
}

function span(window) {
  return `${window.start.toLocaleString("en")}\u2013${window.end.toLocaleString("en")}`;
}

function tracksSection(view) {
  const rows = html("div", { class: "tracks scroll", tabindex: "0", role: "region", "aria-label": "Sites along the sequence" });
  const largest = view.cells.flatMap((cell) => contributionsOf(cell) ?? []);
  const ends = [Math.max(0, ...largest), Math.min(0, ...largest)];
  const draw = (zoom) => rows.replaceChildren(...view.cells.map((cell, index) => trackRow(view, cell, index, zoom, ends)));
  const buttons = ZOOMS.map(([name, zoom]) => {
    const button = html("button", { type: "button", class: "quiet", "aria-pressed": String(zoom === 1) }, name);
    button.addEventListener("click", () => {
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
      draw(zoom);
    });
    return button;
  });
  draw(1);
  const title = html("div", { class: "titled" }, html("h3", null, "Sites and bases"), html("div", { class: "zoom", role: "group", "aria-label": "Zoom" }, buttons));
  return html("section", null, title, trackLegend(largest.length > 0), rows);
}

function trackRow(view, cell, index, zoom, ends) {
  const window = view.windows[cell.window];
  const step = (zoom * (WIDE - TRACK.left - TRACK.right)) / (window.end - window.start + 1);
  const drawing = trackFigure(view, cell, step, ends);
  if (zoom > 1) drawing.setAttribute("width", Math.round(WIDE * zoom));
  const rest = cell.sites.length ? "Point at a site or a step, or focus one and use the arrow keys; a click keeps it lit." : "No motif fits.";
  return html("div", { class: "track-row", "data-cell": index },
    html("h4", null, shown(cell.cell_type), html("span", { class: "muted" }, ` ${signed(cell.activity)}${view.windows.length > 1 ? `, ${span(window)}` : ""}`)), drawing,
    html("p", { class: "readout", "data-readout": rest }, rest));
}

function trackLegend(withLogo) {
  const box = (name, amountShown, words) => {
    const [pattern, hatching] = hatch();
    const d = { d: arrow(0, 22, 1, 11, "+") };
    const colour = amountShown === null ? { class: "untold" } : tone(amountShown);
    return html("span", null, svg("svg", { width: 24, height: 13, "aria-hidden": "true" }, pattern,
      svg("g", { class: `site ${colour.class}`, "--strength": colour["--strength"] }, svg("path", { class: "box", ...d }), amountShown < 0 ? svg("path", { class: "hatched", fill: hatching, ...d }) : null)), words);
  };
  return html("p", { class: "legend" }, box("raising", 60, "raises"), box("lowering", -60, "lowers (hatched)"), box("rest", null, "not told by itself"),
    html("span", null, "boxes point along their strand; the deeper the colour, the larger the amount, log2"),
    withLogo ? html("span", null, "letters: what each base adds, log2, all cell types on one scale") : null);
}

function fallLegend(cell) {
  return cell.steps.some((step) => step.adds.length)
    ? html("p", { class: "legend" }, html("span", null, "grey: composition and bases between sites, and what is not told one by one; log2(RNA/DNA)"))
    : null;
}

/* Every site once, with what it is worth in each cell type: the same as the tracks, in a table. */
function siteSection(view) {
  const union = new Map();
  view.cells.forEach((cell, index) => cell.sites.forEach((site) => {
    if (!union.has(site.site)) union.set(site.site, { site, of: {} });
    union.get(site.site).of[index] = site;
  }));
  const rows = [...union.values()].sort((one, other) => one.site.start - other.site.start);
  if (!rows.length) return null;
  const others = rows.some(({ site }) => site.others);
  const head = ["Place", "Strand", "Factor", "Archetype", "Bits", ...(others ? ["Matrix", "Others that fit"] : [])];
  return section("Sites, cell types side by side", html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Sites in every cell type" },
    html("table", { class: "sites" },
      html("thead", null, html("tr", null, head.map((name) => html("th", { scope: "col", class: name === "Bits" ? "number" : null }, name)), view.cells.map((cell) => html("th", { scope: "col", class: "number" }, shown(cell.cell_type))))),
      html("tbody", null, rows.map(({ site, of }) => html("tr", null,
        html("td", { class: "nowrap" }, `${site.start}\u2013${site.end}`), html("td", null, strand(site)), html("th", { scope: "row" }, shown(site.tf)), html("td", null, shown(site.archetype)), html("td", { class: "number" }, String(site.bits)),
        others ? [html("td", { class: "muted" }, shown(site.matrix ?? "")), html("td", { class: "muted" }, (site.others ?? []).map(shown).join(", "))] : null,
        view.cells.map((_, index) => siteCell(of[index], index))))))));
}

function siteCell(site, index) {
  if (!site) return html("td", { class: "number muted" }, "\u2013");
  const colour = site.amount === null ? { class: "untold" } : tone(site.amount);
  const words = site.amount === null ? "in the rest" : amount(site.amount);
  return html("td", { class: `number tinted ${colour.class}`, "--strength": colour["--strength"], "data-cell": index, "data-mark": "site", "data-number": String(site.number) },
    html("span", { class: "muted" }, `m${site.number} `), words);
}
