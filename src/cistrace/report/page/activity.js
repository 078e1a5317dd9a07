"use strict";
/* Activities of all cell types under one axis: each with its interval on the distribution of natural elements. */

const PLOT = { width: 560, row: 46, base: 34 };

function activityFigure(view, scales) {
  const domain = activityDomain(view.cells, scales);
  const rows = view.cells.map((cell) =>
    html("tr", null,
      html("th", { scope: "row" }, shown(cell.cell_type)),
      html("td", { class: "plot" }, activityPlot(cell, scales[cell.cell_type], domain)),
      html("td", { class: "number strong" }, signed(cell.activity)),
      html("td", { class: "number" }, interval(cell)),
      html("td", { class: "number" }, cell.percentile.toFixed(0)),
      html("td", null, levelBar(cell)),
    ),
  );
  const head = ["Cell type", null, "Activity", "90\u00a0% interval", "Percentile", "Level and its probabilities"];
  return html("table", { class: "activity" },
    html("caption", { class: "hidden" }, "Activity in every cell type"),
    html("thead", null, html("tr", null, head.map((name) =>
      html("th", { scope: "col", class: name && /^[A9P]/.test(name) ? "number" : null }, name ?? axisTitle()))),
    ),
    html("tbody", null, rows),
    html("tfoot", null, html("tr", null, html("td"), html("td", { class: "plot" }, activityAxis(domain)), html("td", { colspan: 4 }))),
  );
}

function axisTitle() {
  return [html("span", { class: "swatch density" }), "natural elements, log2(RNA/DNA)"];
}

function activityDomain(cells, scales) {
  const ends = cells.flatMap((cell) => {
    const density = scales[cell.cell_type]?.density;
    return [cell.activity - 0.2, cell.activity + 0.2, cell.lower, cell.upper, density?.first, density?.last];
  }).filter((one) => typeof one === "number");
  return [Math.min(...ends), Math.max(...ends)];
}

function activityPlot(cell, scale, domain) {
  const x = linear(domain, [6, PLOT.width - 6]);
  const parts = scale ? [densityArea(scale.density, x), levelMarks(scale, x)] : [];
  const middle = PLOT.base - 11;
  if (cell.lower !== null && cell.upper !== null) {
    const [low, high] = [fixed(x(cell.lower)), fixed(x(cell.upper))];
    parts.push(svg("path", { class: "whisker", d: `M${low} ${middle}H${high}M${low} ${middle - 5}v10M${high} ${middle - 5}v10` }));
  }
  parts.push(svg("circle", { class: "dot", cx: fixed(x(cell.activity)), cy: middle, r: 5 }));
  const label = `${shown(cell.cell_type)}: activity ${signed(cell.activity)}, 90 % interval ${interval(cell)}`;
  return svg("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.row}`, role: "img", "aria-label": label }, parts);
}

function densityArea({ first, last, heights }, x) {
  const at = (index) => fixed(x(first + ((last - first) * index) / (heights.length - 1)));
  const line = heights.map((height, index) => `L${at(index)} ${fixed(PLOT.base - (height / 100) * (PLOT.base - 2))}`).join("");
  return svg("path", { class: "density", d: `M${at(0)} ${PLOT.base}${line}L${at(heights.length - 1)} ${PLOT.base}Z` });
}

/* Levels, the quartiles of natural enhancers: where they part, and their numbers where there is room. */
function levelMarks({ cuts }, x) {
  const [first, second, third] = cuts.map(x);
  const words = [["level 0", first - 6, "end"], ["1", (first + second) / 2, "middle"], ["2", (second + third) / 2, "middle"], ["3", third + 6, "start"]];
  const room = [12, second - first, third - second, 12];
  return [
    ...cuts.map((cut) => svg("path", { class: "cut", d: `M${fixed(x(cut))} 2V${PLOT.row - 4}` })),
    ...words.filter((_, level) => room[level] >= 12).map(([word, at, anchor]) => svg("text", { class: "tiny", x: fixed(at), y: PLOT.row - 3, "text-anchor": anchor }, word)),
  ];
}

function activityAxis(domain) {
  const x = linear(domain, [6, PLOT.width - 6]);
  const found = ticks(domain, 7);
  const words = tickWords(found);
  const marks = found.map((tick, place) => [
    svg("path", { class: "tick", d: `M${fixed(x(tick))} 0v4` }),
    svg("text", { class: "small", x: fixed(x(tick)), y: 15, "text-anchor": "middle" }, words[place]),
  ]);
  return svg("svg", { viewBox: `0 0 ${PLOT.width} 20`, "aria-hidden": "true" },
    svg("path", { class: "tick", d: `M0 0.5H${PLOT.width}` }), marks);
}

/* Four shares of one bar; the most probable level is the dark one and stands in words beside it. */
function levelBar(cell) {
  const width = 132;
  let from = 0;
  const shares = cell.probabilities.map((share, level) => {
    const part = svg("rect", {
      class: level === cell.level ? "share most" : "share", x: fixed(from), y: 0, height: 12, width: fixed(Math.max(0, share * width - 1)),
    });
    from += share * width;
    return part;
  });
  const told = cell.probabilities.map((share, level) => `level ${level} ${Math.round(100 * share)} %`).join(", ");
  return html("span", { class: "level" },
    html("b", null, String(cell.level)),
    svg("svg", { viewBox: `0 0 ${width} 12`, width, height: 12, role: "img", "aria-label": told }, svg("title", null, told), shares),
  );
}
