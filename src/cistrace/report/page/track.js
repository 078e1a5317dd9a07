"use strict";
/* One sequence in one cell type along its bases: sites as boxes that point along their strand, per-base contributions
   as letters, the bases, positions. */

const TRACK = { left: 52, right: 10, label: 14, box: 16, logo: 66, letters: 13, axis: 20, levels: 4, font: 6.3 };

const GLYPHS = {
  A: "M0 100 L38 0 L62 0 L100 100 L79 100 L71 77 L29 77 L21 100Z M35 60 L65 60 L50 16Z",
  C: "M100 33 C96 12 78 0 52 0 C20 0 0 20 0 50 C0 80 20 100 52 100 C78 100 96 88 100 66 L80 62 C77 76 67 83 53 83 C32 83 21 71 21 50 C21 29 32 17 53 17 C66 17 76 24 79 37Z",
  G: "M99 32 C95 12 78 0 52 0 C20 0 0 20 0 50 C0 80 20 100 53 100 C71 100 86 94 100 82 L100 46 L52 46 L52 63 L80 63 L80 73 C72 80 64 83 54 83 C33 83 21 71 21 50 C21 29 32 17 53 17 C66 17 75 23 78 35Z",
  T: "M0 0 L100 0 L100 17 L60 17 L60 100 L40 100 L40 17 L0 17Z",
};

/* `step` is how many pixels wide a base is drawn; `ends` are the largest and smallest contribution of all cell types. */
function trackFigure(view, cell, step, ends) {
  const window = view.windows[cell.window];
  const width = TRACK.left + TRACK.right + step * (window.end - window.start + 1);
  const x = (position) => fixed(TRACK.left + (position - window.start) * step); // left edge of a base
  const labels = placedLabels(cell.sites, x, step, width);
  const top = 4 + TRACK.label * (1 + Math.max(0, ...labels.map((label) => label.level)));
  const logo = contributionsOf(cell);
  const below = top + TRACK.box + 8;
  const logoEnd = below + (logo && window.bases ? TRACK.logo : 0);
  const lettersEnd = logoEnd + (window.bases ? TRACK.letters : 0);
  const [pattern, hatching] = hatch();
  const name = `Sites of ${shown(view.id)} in ${shown(cell.cell_type)}, ${window.start} to ${window.end}`;
  const drawing = svg("svg", { class: "track", viewBox: `0 0 ${fixed(width)} ${lettersEnd + TRACK.axis}`, role: "group", "aria-label": name, "data-list": true },
    pattern,
    svg("path", { class: "backbone", d: `M${x(window.start)} ${top + TRACK.box / 2}H${x(window.end + 1)}` }),
    siteMarks(cell, labels, { x, top, bottom: lettersEnd, hatching }),
    logo && window.bases ? logoMarks(window, logo, ends, x, step, below) : null,
    window.bases ? baseLetters(window, x, step, lettersEnd - 3) : null,
    positionAxis(window, x, step, lettersEnd + 1),
  );
  drawing.addEventListener("pointermove", (event) => readBase(event, drawing, window, logo, step));
  return drawing;
}

/* A site in words, beginning with its label on the track: for readers of screens, and below the track. */
function siteWords(site) {
  const known = site.known ? `; known effect ${site.known}` : "";
  const others = site.others?.length ? `; also fits ${site.others.map(shown).join(", ")}` : "";
  const worth = site.amount === null ? ", told among the rest" : " log2";
  return `${siteLabel(site)}${worth}: ${shown(site.archetype)}, ${site.start}\u2013${site.end}, strand ${strand(site)}, ${site.bits} bits${known}${others}`;
}

function siteLabel(site) {
  return `m${site.number} ${shown(site.tf)}${site.amount === null ? "" : ` ${amount(site.amount)}`}`;
}

function strand(site) {
  return site.strand === "-" ? "\u2212" : "+";
}

function siteMarks(cell, labels, { x, top, bottom, hatching }) {
  const byPlace = [...cell.sites].sort((one, other) => one.start - other.start);
  return byPlace.map((site, place) => {
    const [left, right] = [x(site.start), x(site.end + 1)];
    const box = { d: arrow(left, right, top, TRACK.box, site.strand) };
    const label = labels.find((one) => one.site === site);
    const colour = site.amount === null ? { class: "untold" } : tone(site.amount);
    return svg("g", {
      class: `site ${colour.class}`, "--strength": colour["--strength"], role: "button", "aria-pressed": "false",
      tabindex: place ? "-1" : "0", "aria-label": siteWords(site), "data-mark": "site", "data-number": String(site.number),
      "data-says": siteWords(site),
    },
      svg("rect", { class: "span", x: left, y: top - 2, width: fixed(right - left), height: fixed(bottom - top + 2) }),
      svg("path", { class: "box", ...box }),
      site.amount < 0 ? svg("path", { class: "hatched", fill: hatching, ...box }) : null,
      label ? [
        label.level ? svg("path", { class: "leader", d: `M${fixed((left + right) / 2)} ${top - 1}V${top - 2 - TRACK.label * label.level}` }) : null,
        svg("text", { class: "label", x: label.left, y: top - 4 - TRACK.label * label.level }, label.text),
      ] : null,
    );
  });
}

/* A box whose end points the way its strand is read. */
function arrow(left, right, top, height, strand) {
  const tip = Math.min(6, (right - left) / 2);
  const [near, far, point] = strand === "-" ? [right, left + tip, left] : [left, right - tip, right];
  return `M${fixed(near)} ${top}L${fixed(far)} ${top}L${fixed(point)} ${top + height / 2}L${fixed(far)} ${top + height}L${fixed(near)} ${top + height}Z`;
}

/* Names above the boxes, each on the lowest line where it meets no other; the weightiest first, untold ones if there is room. */
function placedLabels(sites, x, step, width) {
  const lines = Array.from({ length: TRACK.levels }, () => []);
  const placed = [];
  const weight = (site) => (site.amount === null ? -1 : Math.abs(site.amount));
  for (const site of [...sites].sort((one, other) => weight(other) - weight(one))) {
    const text = siteLabel(site);
    const size = text.length * TRACK.font;
    const middle = (x(site.start) + x(site.end + 1)) / 2;
    const left = Math.max(2, Math.min(width - size - 2, middle - size / 2));
    const free = (line, level) => line.every((one) => left > one[1] + 6 || left + size + 6 < one[0]) &&
      lines.slice(level + 1).every((upper) => upper.every((one) => one[2] < left - 3 || one[2] > left + size + 3)) &&
      lines.slice(0, level).every((lower) => lower.every((one) => middle < one[0] - 3 || middle > one[1] + 3));
    const level = lines.findIndex(free);
    if (level < 0) continue;
    lines[level].push([left, left + size, middle]);
    placed.push({ site, text, left: fixed(left), level });
  }
  return placed;
}

/* Contributions as numbers, log2 units; null where there are none. */
function contributionsOf(cell) {
  if (!cell.contributions) return null;
  const bytes = Uint8Array.from(atob(cell.contributions.values), (letter) => letter.charCodeAt(0));
  return Array.from(new Int8Array(bytes.buffer), (one) => one * cell.contributions.unit);
}

/* Letters as high as what their base adds, downward and turned where it takes; one path a letter of the alphabet. */
function logoMarks(window, values, [high, low], x, step, top) {
  const y = linear([high || 0.01, low], [top + 2, top + TRACK.logo - 4]);
  const zero = y(0);
  const paths = { A: [], C: [], G: [], T: [] };
  [...window.bases].forEach((base, place) => {
    const height = y(values[place]) - zero;
    if (!(base in paths) || Math.abs(height) < 0.4) return;
    const left = x(window.start + place) + step * 0.04;
    paths[base].push(placedGlyph(GLYPHS[base], left, zero + height, (step * 0.92) / 100, -height / 100));
  });
  const labels = [high, low].filter((one) => Math.abs(one) > 0.15 * (high - low) && Math.abs(one) >= 0.005);
  return svg("g", { class: "logo", "aria-hidden": "true" },
    Object.entries(paths).map(([base, parts]) => svg("path", { class: `base-${base}`, d: parts.join("") })),
    svg("path", { class: "zero", d: `M${x(window.start)} ${fixed(zero)}H${x(window.end + 1)}` }),
    svg("path", { class: "tick", d: `M${TRACK.left - 6} ${fixed(y(high))}h3V${fixed(y(low))}h-3M${TRACK.left - 6} ${fixed(zero)}h3` }),
    labels.map((one) => svg("text", { class: "small", x: TRACK.left - 9, y: fixed(y(one) + 3.5), "text-anchor": "end" }, signed(one))),
    svg("text", { class: "small", x: TRACK.left - 9, y: fixed(zero + 3.5), "text-anchor": "end" }, "0"),
  );
}

function placedGlyph(glyph, left, top, across, down) {
  return glyph.replace(/(-?\d+) (-?\d+)/g, (_, right, below) => `${fixed(left + right * across)} ${fixed(top + below * down)}`);
}

function baseLetters(window, x, step, y) {
  const places = [...window.bases].map((_, place) => fixed(x(window.start + place) + step / 2)).join(" ");
  return svg("text", { class: "bases", x: places, y, "font-size": fixed(Math.min(11, step * 1.5)), "aria-hidden": "true" }, window.bases);
}

function positionAxis(window, x, step, y) {
  const marks = ticks([window.start, window.end], Math.max(4, (step * (window.end - window.start)) / 90))
    .filter((tick) => tick >= window.start && tick % 1 === 0);
  return svg("g", { "aria-hidden": "true" }, [window.start, ...marks.filter((tick) => (tick - window.start) * step > 24)].map((tick) => [
    svg("path", { class: "tick", d: `M${fixed(x(tick) + step / 2)} ${y}v4` }),
    svg("text", { class: "small", x: fixed(x(tick) + step / 2), y: y + 15, "text-anchor": "middle" }, tick.toLocaleString("en")),
  ]));
}

/* What stands at the pointer, unless a site does. */
function readBase(event, drawing, window, values, step) {
  if (event.target.closest("[data-mark]") || !window.bases) return;
  const place = drawing.getScreenCTM().inverse();
  const at = Math.floor((event.clientX * place.a + place.e - TRACK.left) / step);
  const readout = drawing.closest("[data-cell]").querySelector("[data-readout]");
  const base = window.bases[at];
  readout.textContent = base ? `position ${(window.start + at).toLocaleString("en")}: ${base}${values ? `, ${signed(values[at], 3)} log2` : ""}` : readout.dataset.readout;
}
