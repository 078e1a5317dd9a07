"use strict";
/* All sequences in one table: to be sorted by a column and filtered by words, level and flags. */

const PAGE_ROWS = 100; // rows that are drawn at once
const MINI = { width: 140, height: 30 };

/* `open` is the address of a sequence by its place among all, from 1. */
function overviewFigure(report, open) {
  const names = [...new Set(report.sequences.flatMap((view) => view.cells.map((cell) => cell.cell_type)))];
  const entries = report.sequences.map((view, place) => entryOf(withSites(view), place, names));
  const domain = activityDomain(report.sequences.flatMap((view) => view.cells), report.scales);
  const state = { words: [], cell: null, level: 0, flagged: false, key: "place", down: false, rows: PAGE_ROWS };
  const body = html("tbody");
  const count = html("p", { class: "count", role: "status" });
  const more = html("button", { type: "button", class: "quiet more" }, "Show more");
  const heads = headCells(names);
  const draw = () => {
    const found = entries.filter((entry) => wanted(entry, state, names)).sort(order(state));
    body.replaceChildren(...found.slice(0, state.rows).map((entry) => entryRow(entry, names, report.scales, domain, open)));
    count.textContent = `${found.length.toLocaleString("en")} of ${entries.length.toLocaleString("en")} sequence${entries.length === 1 ? "" : "s"}`;
    more.hidden = found.length <= state.rows;
    for (const head of heads) if (head.dataset.key) head.setAttribute("aria-sort", head.dataset.key !== state.key ? "none" : state.down ? "descending" : "ascending");
  };
  const change = (changes) => {
    Object.assign(state, { rows: PAGE_ROWS }, changes);
    draw();
  };
  for (const head of heads) {
    const key = head.dataset.key;
    head.querySelector("button")?.addEventListener("click", () => change({ key, down: state.key === key ? !state.down : key !== "place" && key !== "id" }));
  }
  more.addEventListener("click", () => change({ rows: state.rows + PAGE_ROWS }));
  draw();
  return html("section", { class: "overview" }, filters(names, change), count,
    html("p", { class: "legend" }, html("span", null, "Sites that raise stand above the line, those that lower below it; the deeper the colour, the larger the amount."),
      html("span", null, "Dot and line: activity, log2(RNA/DNA), with its 90 % interval; dotted: where levels part.")),
    html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All sequences" },
      html("table", { class: "all" }, html("caption", { class: "hidden" }, "All sequences"), html("thead", null, html("tr", null, heads)), body)), more);
}

/* What sorting and filtering need of a sequence. */
function entryOf(view, place, names) {
  const byName = Object.fromEntries(view.cells.map((cell) => [cell.cell_type, cell]));
  const activities = view.cells.map((cell) => cell.activity);
  const factors = view.cells.flatMap((cell) => cell.sites.flatMap((site) => [site.tf, site.archetype]));
  const flags = [...new Set(view.cells.flatMap((cell) => cell.flags))];
  const text = [view.id, ...flags, ...new Set(factors)].join(" ").toLowerCase();
  const spread = Math.max(...activities) - Math.min(...activities);
  return { view, place, id: view.id, byName, flags, text, spread };
}

function wanted(entry, state, names) {
  const cells = state.cell === null ? entry.view.cells : [entry.byName[state.cell]].filter(Boolean);
  return state.words.every((word) => entry.text.includes(word)) && cells.some((cell) => cell.level >= state.level) && (!state.flagged || entry.flags.length > 0);
}

function order({ key, down }) {
  const value = (entry) => (key.startsWith("cell ") ? entry.byName[key.slice(5)]?.activity ?? -Infinity : entry[key]);
  return (one, other) => {
    const [left, right] = [value(one), value(other)];
    const by = typeof left === "string" ? left.localeCompare(right, "en", { numeric: true }) : left - right;
    return (down ? -by : by) || one.place - other.place;
  };
}

function headCells(names) {
  const sorted = (key, words) => html("th", { scope: "col", "data-key": key }, html("button", { type: "button", class: "sort" }, words));
  const spread = names.length > 1 ? [sorted("spread", "Spread")] : [];
  return [sorted("place", "No."), sorted("id", "Sequence"), ...names.map((name) => sorted(`cell ${name}`, shown(name))), ...spread, html("th", { scope: "col" }, "Flags")];
}

function filters(names, change) {
  const search = html("input", { type: "search", id: "search", placeholder: "id, factor, flag", autocomplete: "off", spellcheck: "false" });
  search.addEventListener("input", () => change({ words: search.value.toLowerCase().split(/\s+/).filter(Boolean) }));
  const cells = html("select", { id: "cell" }, html("option", { value: "" }, "any cell type"), names.map((name, place) => html("option", { value: String(place) }, shown(name))));
  cells.addEventListener("change", () => change({ cell: cells.value === "" ? null : names[Number(cells.value)] }));
  const levels = html("select", { id: "level" }, [0, 1, 2, 3].map((level) => html("option", { value: String(level) }, level ? `level ${level} or more` : "any level")));
  levels.addEventListener("change", () => change({ level: Number(levels.value) }));
  const flagged = html("input", { type: "checkbox", id: "flagged" });
  flagged.addEventListener("change", () => change({ flagged: flagged.checked }));
  const form = html("form", { class: "filters", role: "search" }, html("label", { for: "search" }, "Find"), search,
    html("label", { for: "level", class: "hidden" }, "Level"), levels, html("label", { for: "cell" }, "in"), cells, html("span", { class: "check" }, flagged, html("label", { for: "flagged" }, "flagged only")));
  form.addEventListener("submit", (event) => event.preventDefault());
  return form;
}

function entryRow(entry, names, scales, domain, open) {
  const { view, byName } = entry;
  return html("tr", null,
    html("td", { class: "number muted" }, String(entry.place + 1)),
    html("th", { scope: "row" }, html("a", { href: open(entry.place + 1) }, html("bdi", null, shown(view.id))), place(view)),
    names.map((name) => html("td", null, byName[name] ? miniCell(view, byName[name], scales[name], domain) : null)),
    names.length > 1 ? html("td", { class: "number" }, entry.spread.toFixed(2)) : null,
    html("td", { class: "muted flagged" }, entry.flags.filter((flag) => !flag.startsWith("window:")).map((flag) => html("span", null, shown(flag)))),
  );
}

function place(view) {
  const windowed = view.cells.some((cell) => cell.flags.some((flag) => flag.startsWith("window:")));
  return windowed ? html("span", { class: "muted" }, ` ${view.windows.map(span).join(", ")}`) : null;
}

/* A prediction in little: its number, its sites, its interval between the levels. */
function miniCell(view, cell, scale, domain) {
  const verified = cell.trace === null ? null : html("span", { class: cell.trace.verified ? "mark" : "mark bad", title: cell.trace.verified ? "verified" : "not verified" }, cell.trace.verified ? "\u2713" : "\u2717");
  return html("div", { class: "mini" },
    html("div", { class: "said" }, html("b", null, signed(cell.activity)), html("span", { class: "muted" }, `level ${cell.level} `, verified)),
    miniDrawing(view.windows[cell.window], cell, scale, domain));
}

function miniDrawing(window, cell, scale, domain) {
  const along = linear([window.start, window.end + 1], [1, MINI.width - 1]);
  const x = linear(domain, [3, MINI.width - 3]);
  const sites = cell.sites.filter((site) => site.amount !== null).map((site) => {
    const colour = tone(site.amount);
    const y = site.amount < 0 ? 9 : 2; // what lowers hangs below the line
    return svg("g", { class: `site ${colour.class}`, "--strength": colour["--strength"] }, svg("rect", { class: "box", x: fixed(along(site.start)), y, width: fixed(along(site.end + 1) - along(site.start)), height: 7 }));
  });
  const cuts = (scale?.cuts ?? []).map((cut) => svg("path", { class: "cut", d: `M${fixed(x(cut))} 20v10` }));
  const whisker = cell.lower === null ? null : svg("path", { class: "whisker", d: `M${fixed(x(cell.lower))} 25H${fixed(x(cell.upper))}` });
  return svg("svg", { viewBox: `0 0 ${MINI.width} ${MINI.height}`, width: MINI.width, height: MINI.height, "aria-hidden": "true" },
    svg("path", { class: "backbone", d: `M0 9H${MINI.width}` }), sites, cuts, whisker, svg("circle", { class: "dot", cx: fixed(x(cell.activity)), cy: 25, r: 3 }));
}
