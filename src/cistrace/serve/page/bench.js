"use strict";
/* The bench: a sequence whose bases are changed one by one, or whose sites are broken, and what that does. */

const BROKEN = { A: "C", C: "A", G: "T", T: "G" }; // a purine for a pyrimidine and the reverse, so that nothing fits
const PAUSE = 150; // milliseconds after the last letter that is typed
const REST = 700; // milliseconds without a change after which is asked what each base adds
const LETTERS = "ACGT";

/* A figure with a bench above it. `options` are what the question was asked with; `first` is the answer to it. */
function benchFigure(first, scales, options) {
  const state = { before: first, now: first, past: [], at: null, asked: null, timer: 0 };
  const place = html("div", { class: "figure" });
  const field = html("textarea", { class: "bases-field", rows: "3", spellcheck: "false", "aria-label": "Bases", "aria-describedby": "bench-help" });
  const says = html("p", { class: "muted", role: "status" });
  const changes = html("p", { class: "changes" });
  const pick = html("div", { class: "pick-base", role: "group" });
  const sites = html("div", { class: "break", role: "group", "aria-label": "Break a site" });
  const undo = button("Undo", () => set(state.past.pop() ?? state.before.bases, false));
  const reset = button("Back to the start", () => set(state.before.bases));
  const effect = html("table", { class: "effect" });

  const draw = () => {
    const figure = sequenceFigure(state.now.view, scales);
    figure.addEventListener("click", pointed);
    place.replaceChildren(figure);
    sites.replaceChildren(html("span", { class: "muted" }, "Break a site:"), ...breakable(state.now.view).map((site) => button(
      `${shown(site.tf)} ${site.start}\u2013${site.end}`, () => set(broken(field.value, site)),
    )));
    sites.hidden = !breakable(state.now.view).length;
    effect.replaceChildren(...effectRows(state.before.view, state.now.view));
  };

  const tell = () => {
    const found = changesOf(state.before.bases, field.value);
    changes.textContent = found;
    undo.disabled = !state.past.length;
    reset.disabled = field.value === state.before.bases;
  };

  /* Takes over other bases and asks what they do. */
  const set = (bases, keep = true) => {
    if (bases === state.last) return;
    if (keep) state.past.push(state.last);
    state.last = bases;
    if (field.value !== bases) field.value = bases;
    tell();
    ask(bases);
  };

  const ask = async (bases) => {
    state.asked?.abort();
    const asked = (state.asked = new AbortController());
    const begun = performance.now();
    says.textContent = "Predicting\u2026";
    try {
      for (const contributions of options.contributions ? [false, true] : [false]) {
        if (contributions) await new Promise((go) => setTimeout(go, REST));
        if (asked !== state.asked) return;
        const question = { ...options, contributions, sequences: [{ id: first.view.id, bases }] };
        await followed("/page/views", question, (name, row) => {
          if (name !== "view" || asked !== state.asked) return;
          state.now = row;
          draw();
        }, asked.signal);
        if (!contributions) says.textContent = `Predicted in ${((performance.now() - begun) / 1000).toFixed(2)} s`;
      }
    } catch (fault) {
      if (asked === state.asked) says.textContent = faultWords(fault);
    }
  };

  /* A click on a track, unless it is on a site's box or name, chooses the base there. */
  const pointed = (event) => {
    const drawing = event.target.closest("svg.track");
    if (!drawing || event.target.closest(".box, .label")) return;
    const cell = state.now.view.cells[drawing.closest("[data-cell]").dataset.cell];
    const at = baseAt(event, drawing, state.now.view.windows[cell.window]);
    if (at !== null) choose(at);
  };

  const choose = (at) => {
    state.at = at;
    const own = field.value[at - 1] ?? "";
    pick.setAttribute("aria-label", `Base ${at}`);
    pick.replaceChildren(html("span", null, `Base ${at.toLocaleString("en")} is `, html("b", null, own), ". Make it "),
      ...[...LETTERS].filter((letter) => letter !== own).map((letter) => button(letter, () => {
        set(field.value.slice(0, at - 1) + letter + field.value.slice(at));
        choose(at);
        pick.querySelector("button").focus();
      })));
    pick.hidden = false;
  };

  field.value = state.last = first.bases;
  field.addEventListener("input", () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => set(field.value.toUpperCase().replace(/\s/g, "")), PAUSE);
  });
  for (const kind of ["click", "keyup"]) {
    field.addEventListener(kind, () => {
      if (field.selectionStart < field.value.length) choose(field.selectionStart + 1);
    });
  }
  pick.hidden = true;
  tell();
  draw();
  return html("div", { class: "bench" },
    html("section", { class: "edit", "aria-label": "Change the sequence" },
      html("h3", null, "Change it"),
      html("p", { class: "muted", id: "bench-help" }, "Type other bases, click one in a track, or break a site: everything below follows."),
      field, pick, sites, html("div", { class: "go" }, undo, reset, says), changes, effect),
    place);
}

function button(words, pressed) {
  const made = html("button", { type: "button", class: "quiet" }, words);
  made.addEventListener("click", pressed);
  return made;
}

/* The position that a track shows where an event is; null beyond its ends. */
function baseAt(event, drawing, window) {
  const step = (drawing.viewBox.baseVal.width - TRACK.left - TRACK.right) / (window.end - window.start + 1);
  const place = drawing.getScreenCTM().inverse();
  const at = window.start + Math.floor((event.clientX * place.a + place.e - TRACK.left) / step);
  return at >= window.start && at <= window.end ? at : null;
}

/* Every site once, the weightiest in any cell type first. */
function breakable(view) {
  const found = new Map();
  for (const cell of withSites(view).cells) {
    for (const site of cell.sites) {
      const key = `${site.start} ${site.end}`;
      const weight = Math.abs(site.amount ?? 0);
      if (!found.has(key) || found.get(key).weight < weight) found.set(key, { site, weight });
    }
  }
  return [...found.values()].sort((one, other) => other.weight - one.weight).slice(0, 8).map(({ site }) => site);
}

/* The sequence with each base of a site turned into one that fits least. */
function broken(bases, site) {
  const inside = bases.slice(site.start - 1, site.end);
  return bases.slice(0, site.start - 1) + [...inside].map((base) => BROKEN[base] ?? base).join("") + bases.slice(site.end);
}

/* How a sequence differs from the one it came from, in words. */
function changesOf(before, now) {
  if (before === now) return "Nothing is changed.";
  if (before.length !== now.length) return `${Math.abs(now.length - before.length)} bp ${now.length > before.length ? "longer" : "shorter"} than at the start.`;
  const found = [...before].flatMap((base, place) => (base === now[place] ? [] : [`${place + 1}${base}>${now[place]}`]));
  const rest = found.length > 12 ? ` and ${found.length - 12} more` : "";
  return `Changed: ${found.slice(0, 12).map(shown).join(", ")}${rest}.`;
}

/* Before, now and the difference, a row a cell type. */
function effectRows(before, now) {
  const rows = now.cells.map((cell) => {
    const start = before.cells.find((one) => one.cell_type === cell.cell_type);
    const change = cell.activity - start.activity;
    const colour = tone(Math.round(100 * change));
    return html("tr", null, html("th", { scope: "row" }, shown(cell.cell_type)),
      html("td", { class: "number" }, signed(start.activity)), html("td", { class: "number strong" }, signed(cell.activity)),
      html("td", { class: `number tinted ${colour.class}`, "--strength": colour["--strength"] }, signed(change)),
      html("td", { class: "number" }, start.level === cell.level ? String(cell.level) : `${start.level} \u2192 ${cell.level}`));
  });
  const head = ["Cell type", "At the start", "Now", "Difference", "Level"];
  return [html("caption", { class: "hidden" }, "What the changes do to the activity, log2(RNA/DNA)"),
    html("thead", null, html("tr", null, head.map((name, at) => html("th", { scope: "col", class: at ? "number" : null }, name)))), html("tbody", null, rows)];
}
