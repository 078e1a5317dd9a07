"use strict";
/* A trace as numbered steps, each with its mark of verification and, beside it, its bar of the ledger: a waterfall. */

const FALL = { width: 420, pad: 46, bar: 13 };

function traceFigure(cell, domain) {
  if (cell.trace === null) return html("p", { class: "muted" }, "No trace was asked for: the activity is the sequence model's own number.");
  const parts = [verdict(cell.trace)];
  if (cell.trace.text !== undefined) return html("div", null, parts, html("pre", null, shown(cell.trace.text)));
  const told = cell.steps.some((step) => step.adds.length);
  let running = 0;
  const rows = cell.steps.map((step, place) => {
    const before = running;
    for (const one of step.adds) running += one;
    return stepRow(step, place, told ? fallPart(step, before, domain) : null);
  });
  if (told) rows.push(totalRow(running, domain));
  const head = told ? html("div", { class: "step head", "aria-hidden": "true" }, html("span"), html("span"), html("span"), fallAxis(domain)) : null;
  return html("div", { class: "trace" }, parts, head, html("ol", { class: "steps", "data-list": true }, rows));
}

function verdict(trace) {
  const good = trace.verified;
  const says = good
    ? `Verified: all ${trace.claims} claims and every sum agree with the card`
    : trace.claims ? `Not verified: ${trace.supported} of ${trace.claims} claims agree with the card` : "Not verified: the text is no trace";
  const by = trace.written_by ? `written by the ${trace.written_by}` : null;
  const level = trace.level === null ? null : `concludes level ${trace.level}`;
  return html("p", { class: good ? "verdict" : "verdict bad" }, html("span", { class: "mark", "aria-hidden": "true" }, good ? "\u2713" : "\u2717"),
    html("b", null, says), ` \u00b7 ${[level, by].filter(Boolean).join(", ")}`, trace.failed.map((reason) => html("span", { class: "reason" }, shown(reason))));
}

function stepRow(step, place, bar) {
  const good = !step.failed;
  return html("li", { class: "step", "data-mark": "step", "data-sites": step.sites.join(" ") },
    html("span", { class: "count", "aria-hidden": "true" }, String(place + 1)),
    html("span", { class: good ? "mark" : "mark bad", role: "img", "aria-label": good ? "verified" : "not verified" }, good ? "\u2713" : "\u2717"),
    html("button", { type: "button", class: "words", tabindex: place ? "-1" : "0", "aria-pressed": "false" },
      shown(step.text), (step.failed ?? []).map((reason) => html("span", { class: "reason" }, shown(reason)))),
    bar,
  );
}

/* What of the running totals of all traces is to be drawn, hundredths: the same for all cell types. */
function fallDomain(cells) {
  const sums = [0];
  for (const cell of cells) {
    let running = 0;
    for (const step of cell.steps) for (const one of step.adds) sums.push((running += one));
  }
  return [Math.min(...sums), Math.max(...sums)];
}

function fallScale(domain) {
  return linear(domain, [FALL.pad, FALL.width - FALL.pad]);
}

/* One row of the waterfall: heights are shares of the row's, which its text decides. */
function fallPart(step, before, domain) {
  const x = fallScale(domain);
  const [pattern, hatching] = hatch();
  const parts = [pattern, gridLines(domain, x), connector(x(before), "0", step.adds.length ? "50%" : "100%")];
  let at = before;
  for (const [place, one] of step.adds.entries()) {
    const shift = (place - (step.adds.length - 1) / 2) * (FALL.bar + 1);
    parts.push(fallBar(x, at, at + one, shift, step.kind, one, hatching));
    at += one;
  }
  if (step.adds.length) parts.push(connector(x(at), "50%", "100%"));
  return html("span", { class: "bar" }, svg("svg", { width: FALL.width, height: "100%", role: "img", "aria-label": `from ${amount(before)} to ${amount(at)}` }, parts));
}

function fallBar(x, from, to, shift, kind, one, hatching) {
  const [left, right] = [Math.min(x(from), x(to)), Math.max(x(from), x(to))];
  const own = kind === "site" || kind === "interplay" ? tone(one) : { class: "background" };
  const box = { x: fixed(left), y: "50%", width: fixed(Math.max(1.5, right - left)), height: FALL.bar };
  const moved = `translate(0 ${fixed(shift - FALL.bar / 2)})`;
  const after = one < 0 ? { x: fixed(left - 5), "text-anchor": "end" } : { x: fixed(right + 5) };
  return svg("g", { class: `fall ${own.class}`, "--strength": own["--strength"], transform: moved },
    svg("rect", { class: "box", ...box }), one < 0 && own.class === "lowering" ? svg("rect", { class: "hatched", fill: hatching, ...box }) : null,
    svg("text", { class: "small figure", ...after, y: "50%", dy: FALL.bar - 3 }, amount(one)));
}

function totalRow(total, domain) {
  const x = fallScale(domain);
  const [left, right] = [Math.min(x(0), x(total)), Math.max(x(0), x(total))];
  const after = total < 0 ? { x: fixed(left - 5), "text-anchor": "end" } : { x: fixed(right + 5) };
  return html("li", { class: "step total" }, html("span"), html("span"), html("span", { class: "words" }, html("b", null, `Activity ${amount(total)}`), " log2(RNA/DNA): the sum of the above"),
    html("span", { class: "bar" }, svg("svg", { width: FALL.width, height: "100%", "aria-hidden": "true" }, gridLines(domain, x), connector(x(total), "0", "50%"),
      svg("g", { class: "fall whole", transform: `translate(0 ${-FALL.bar / 2})` },
        svg("rect", { class: "box", x: fixed(left), y: "50%", width: fixed(Math.max(1.5, right - left)), height: FALL.bar }),
        svg("text", { class: "small figure strong", ...after, y: "50%", dy: FALL.bar - 3 }, amount(total))))));
}

function connector(x, from, to) {
  return svg("line", { class: "connector", x1: fixed(x), x2: fixed(x), y1: from, y2: to });
}

function fallTicks(domain) {
  return ticks([domain[0] / 100, domain[1] / 100], 5);
}

function gridLines(domain, x) {
  return fallTicks(domain).map((tick) => svg("line", { class: tick === 0 ? "grid zero" : "grid", x1: fixed(x(100 * tick)), x2: fixed(x(100 * tick)), y1: "0", y2: "100%" }));
}

function fallAxis(domain) {
  const [x, found] = [fallScale(domain), fallTicks(domain)];
  return html("span", { class: "bar" }, svg("svg", { width: FALL.width, height: 18 },
    tickWords(found).map((words, place) => svg("text", { class: "small", x: fixed(x(100 * found[place])), y: 12, "text-anchor": "middle" }, words))));
}
