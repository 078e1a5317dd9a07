"use strict";
/* A page of designs: what they came to, each against the sequence that it began as, and the set as a whole. */

const SPOTS = { size: 330, left: 60, bottom: 38, pad: 10 };

function known(value, digits = 2) {
  return value === null || value === undefined ? "\u2013" : signed(value, digits);
}

function percent(value) {
  return value === null || value === undefined ? "\u2013" : value.toFixed(1);
}

function scrolled(label, content) {
  return html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, content);
}

function simpleTable(caption, heads, rows, numbers) {
  const cell = (tag, value, at) => html(tag, { class: at >= numbers ? "number" : null, scope: tag === "th" ? (at ? "col" : "row") : null }, value);
  return scrolled(caption, html("table", { class: "plain" }, html("caption", { class: "hidden" }, caption),
    html("thead", null, html("tr", null, heads.map((head, at) => html("th", { scope: "col", class: at >= numbers ? "number" : null }, head)))),
    html("tbody", null, rows.map((row) => html("tr", null, row.map((value, at) => cell(at ? "td" : "th", value, at)))))));
}

function summarySection(page) {
  return section("What it came to", html("ul", { class: "summary" }, page.summary.map((line) => html("li", null, shown(line)))));
}

/* Spots { x, y, name, flagged }, over those of natural elements [x, y]. */
function spotsPanel(title, caption, names, spots, natural, diagonal) {
  const all = [...spots.map((spot) => [spot.x, spot.y]), ...natural];
  const ends = (at) => {
    const values = all.map((one) => one[at]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = 0.05 * (high - low) || 0.5;
    return [low - room, high + room];
  };
  const joint = diagonal ? [Math.min(ends(0)[0], ends(1)[0]), Math.max(ends(0)[1], ends(1)[1])] : null;
  const [across, up] = [joint ?? ends(0), joint ?? ends(1)];
  const [right, low] = [SPOTS.size - SPOTS.pad, SPOTS.size - SPOTS.bottom];
  const [x, y] = [linear(across, [SPOTS.left, right]), linear(up, [low, SPOTS.pad])];
  const [acrossTicks, upTicks] = [ticks(across, 5), ticks(up, 5)];
  const [acrossWords, upWords] = [tickWords(acrossTicks), tickWords(upTicks)];
  const drawing = svg("svg", { width: SPOTS.size, height: SPOTS.size, viewBox: `0 0 ${SPOTS.size} ${SPOTS.size}`, role: "img", "aria-label": `${title}: ${names[1]} against ${names[0]}, ${spots.length} designs` },
    svg("path", { class: "tick", d: `M${SPOTS.left} ${SPOTS.pad}V${low}H${right}` }),
    acrossTicks.map((tick, at) => [svg("path", { class: "tick", d: `M${fixed(x(tick))} ${low}v4` }), svg("text", { class: "small", x: fixed(x(tick)), y: low + 16, "text-anchor": "middle" }, acrossWords[at])]),
    upTicks.map((tick, at) => [svg("path", { class: "tick", d: `M${SPOTS.left} ${fixed(y(tick))}h-4` }), svg("text", { class: "small", x: SPOTS.left - 7, y: fixed(y(tick) + 4), "text-anchor": "end" }, upWords[at])]),
    svg("text", { class: "small", x: (SPOTS.left + right) / 2, y: SPOTS.size - 4, "text-anchor": "middle" }, names[0]),
    svg("text", { class: "small", transform: `translate(11 ${low / 2}) rotate(-90)`, "text-anchor": "middle" }, names[1]),
    diagonal ? svg("path", { class: "same", d: `M${fixed(x(joint[0]))} ${fixed(y(joint[0]))}L${fixed(x(joint[1]))} ${fixed(y(joint[1]))}` }) : null,
    natural.map((one) => svg("circle", { class: "spot natural", cx: fixed(x(one[0])), cy: fixed(y(one[1])), r: 1.6 })),
    spots.map((spot) => svg("circle", { class: spot.flagged ? "spot flagged" : "spot", cx: fixed(x(spot.x)), cy: fixed(y(spot.y)), r: 4 }, svg("title", null, spot.name))));
  return html("figure", null, html("h4", null, title), drawing, html("figcaption", null, caption));
}

function panelsSection(page) {
  const panels = [];
  const spots = (values) => page.designs.map((one) => ({ ...values(one), name: shown(one.id), flagged: one.flags.length > 0 }));
  const least = (scores) => Math.max(...page.against.map((name) => scores[name]));
  if (page.target && page.against.length) {
    const names = [page.against.length > 1 ? "largest off-target, log2" : `${page.against[0]}, log2`, `${page.target}, log2`].map(shown);
    panels.push(spotsPanel("Model that was asked", "What the search made high.", names, spots((one) => ({ x: least(one.activities), y: one.activities[page.target] })), [], false));
    if (page.judged) panels.push(spotsPanel("Judge", "A model no search saw; grey: natural elements.", names, spots((one) => ({ x: least(one.scores), y: one.scores[page.target] })), page.natural, false));
  }
  if (page.judged) panels.push(spotsPanel("The gap", "The objective by both models; dashed: where they say the same.", ["optimised objective", "judged objective"], spots((one) => ({ x: one.value, y: one.judged })), [], true));
  return panels.length ? section("Designs in two models", html("p", { class: "legend" }, html("span", null, "Open spots are designs with flags.")), html("div", { class: "panels" }, panels)) : null;
}

function designsSection(page) {
  const heads = ["Design", "Flags", "Edits", "Objective", ...(page.judged ? ["Judged", "Gap", "Percentile"] : []), ...page.cells.flatMap((name) => (page.judged ? [shown(name), "judge", "percentile"] : [shown(name)]))];
  const rows = page.designs.map((one, place) => [
    one.view ? html("a", { href: `#${place + 1}` }, html("bdi", null, shown(one.id))) : html("bdi", null, shown(one.id)),
    one.flags.map(shown).join(", "), one.edits === null ? "\u2013" : String(one.edits), known(one.value), ...(page.judged ? [known(one.judged), known(one.gap), percent(one.percentile)] : []),
    ...page.cells.flatMap((name) => (page.judged ? [known(one.activities[name]), known(one.scores[name]), percent(one.percentiles[name])] : [known(one.activities[name])])),
  ]);
  const note = "Objective and activities, log2(RNA/DNA), of the model that was asked and of the judge; percentiles are the judge's, among natural elements.";
  return section("Designs", html("p", { class: "legend" }, html("span", null, note)), simpleTable("All designs", heads, rows, 2));
}

function accountSection(page) {
  const account = page.account;
  const range = (three) => (three ? `${three[0]} / ${three[1]} / ${three[2]}` : "not known");
  const facts = [
    ["Designs", String(account.designs)], ["Length, bp", account.lengths[0] === account.lengths[1] ? String(account.lengths[0]) : account.lengths.join("\u2013")],
    ["GC, lowest / mean / highest", account.gc.map((one) => one.toFixed(3)).join(" / ")], ["Edits between two designs, least / median / largest", range(account.apart)],
    ["Edits to the nearest other, mean", account.neighbour === null ? "not known" : account.neighbour.toFixed(1)],
    ["Cosine distance of 6-mers, mean of pairs", account.word_distance === null ? "not known" : account.word_distance.toFixed(3)],
    ["Share of all 6-mers that occur", account.distinct_words.toFixed(3)], ["Sites a design", account.sites.toFixed(1)],
    ["Edits to the nearest natural element, least / median / largest", account.natural ? range(account.natural) : "not known: no natural elements were given"],
  ];
  const share = (value) => (value === null ? "\u2013" : `${Math.round(100 * value)}\u00a0%`);
  const motifs = account.motifs.map((one) => [shown(one.archetype), share(one.designs), one.sites.toFixed(2), share(one.starts), share(one.natural)]);
  return [section("The set", simpleTable("The set", ["Figure", "Value"], facts, 1)),
    section("Motifs of the set", simpleTable("Motifs of the set", ["Archetype", "Designs with it", "Sites a design", "Starts with it", "Natural elements with it"], motifs, 1))];
}

/* Design and start under one another, 100 bases a line, what was changed marked. */
function changesSection(one, start) {
  if (!start) return null;
  const lines = [];
  for (let at = 0; at < one.bases.length; at += 100) {
    const marked = (text, other) => [...text.slice(at, at + 100)].map((base, place) => (base === other[at + place] ? base : html("b", null, base)));
    lines.push(html("p", { class: "change" }, `start  ${String(at + 1).padStart(4)} `, marked(start.bases, one.bases), "\n", `design ${String(at + 1).padStart(4)} `, marked(one.bases, start.bases)));
  }
  return section(`Changes: ${one.edits} of ${one.bases.length} bases`, scrolled("Changes", lines));
}

function comparisonSection(page, one) {
  const before = one.start !== null;
  const heads = ["", ...(before ? ["Start, model"] : []), "Design, model", ...(page.judged ? [...(before ? ["Start, judge"] : []), "Design, judge", "Percentile"] : [])];
  const line = (name, asked, begun, judged, judgedStart, rank) => [name, ...(before ? [known(begun)] : []), known(asked), ...(page.judged ? [...(before ? [known(judgedStart)] : []), known(judged), percent(rank)] : [])];
  const start = before ? page.starts[one.start] : null;
  const told = (name) => start?.view?.cells.find((cell) => cell.cell_type === name)?.activity;
  const rows = page.cells.map((name) => line(shown(name), one.activities[name], told(name), one.scores?.[name], one.start_scores?.[name], one.percentiles?.[name]));
  return section("Before two models", simpleTable("Before two models", heads, [...rows, line("objective", one.value, null, one.judged, one.start_judged, one.percentile)], 1));
}

function designFigure(page, one) {
  const facts = [one.flags.length ? one.flags.map(shown).join(", ") : "no flags", one.agreement ? `${one.agreement.same_sign} of ${one.agreement.sites} told sites borne out by the judge` : null,
    one.nearest ? `nearest natural element ${shown(one.nearest.id)}, ${one.nearest.edits} edits` : null, one.moves.length ? `moves: ${one.moves.map(shown).join(", ")}` : null].filter(Boolean);
  const start = one.start === null ? null : page.starts[one.start];
  return [html("p", { class: "flags" }, facts.join(" \u00b7 ")), comparisonSection(page, one), changesSection(one, start),
    html("div", null, html("p", { class: "which strong" }, "Design"), sequenceFigure(one.view, page.scales)),
    start ? html("div", null, html("p", { class: "which strong" }, "Start"), sequenceFigure(start.view, page.scales)) : null].filter(Boolean);
}

(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("main");
  const count = page.designs.length;
  const overview = html("div", null, summarySection(page), panelsSection(page), designsSection(page), accountSection(page));
  const show = (focus) => {
    const place = Number(location.hash.slice(1));
    const one = page.designs[place - 1];
    const link = (to, words) => (to >= 1 && to <= count ? html("a", { href: `#${to}` }, words) : html("span", { class: "muted", "aria-hidden": "true" }, words));
    const steering = () => html("nav", { "aria-label": "Designs" }, html("a", { href: "#" }, "All designs"), html("span", { class: "muted" }, `${place} of ${count}`), link(place - 1, "\u2039 Previous"), link(place + 1, "Next \u203a"));
    main.replaceChildren(...(one?.view ? [steering(), ...designFigure(page, one)] : [overview]));
    document.title = `${one ? `${shown(one.id)} - ` : ""}${shown(page.title)} - cistrace`;
    window.scrollTo(0, 0);
    if (focus) main.focus({ preventScroll: true });
  };
  document.querySelector(".about").append(html("b", null, shown(page.title)), ` \u00b7 ${count.toLocaleString("en")} design${count === 1 ? "" : "s"} for ${shown(page.objective)}`);
  const theme = document.querySelector(".theme");
  const paint = (night) => {
    document.documentElement.dataset.theme = night ? "dark" : "light";
    theme.setAttribute("aria-pressed", String(night));
  };
  paint(matchMedia("(prefers-color-scheme: dark)").matches);
  theme.addEventListener("click", () => paint(document.documentElement.dataset.theme !== "dark"));
  document.querySelector("footer").append(html("p", null, "What models say of designs is no measurement. The judge learnt from the same assay as the model that was asked, from half of its elements: what both learnt wrongly it cannot find."));
  window.addEventListener("hashchange", () => location.hash !== "#main" && show(true));
  show(false);
})();
