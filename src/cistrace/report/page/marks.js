"use strict";
/* What all figures share: elements, scales, numbers. Text from data only ever becomes text nodes and attributes. */

const SVG = "http://www.w3.org/2000/svg";
const STRONG = 60; // hundredths of a log2 unit from which on a colour is full

function html(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/* Attributes by name; those that begin with -- are properties of the style, which a strict policy lets scripts set. */
function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("--")) node.style.setProperty(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/* Text as it can be read: characters that are invisible or turn the direction of writing stand as escapes. */
function shown(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu, (one) => "\\u{" + one.codePointAt(0).toString(16) + "}");
}

function signed(value, digits = 2) {
  if (value === null) return "";
  const text = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(text) ? "\u2212" : "+") + text;
}

function amount(hundredths) {
  return signed(hundredths / 100);
}

function interval(cell) {
  return cell.lower === null || cell.upper === null ? "no interval" : `${signed(cell.lower)} to ${signed(cell.upper)}`;
}

/* From a domain to a range, linear. */
function linear([low, high], [from, to]) {
  const slope = (to - from) / (high - low || 1);
  return (value) => from + (value - low) * slope;
}

/* Round numbers within a domain, about so many. */
function ticks([low, high], count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9; at += 1) found.push(Number((at * step).toFixed(6)));
  return found;
}

/* Ticks in words: as many digits as the finest of them needs. */
function tickWords(found) {
  const digits = found.every((tick) => Math.abs(Math.round(tick * 10) - tick * 10) < 1e-6) ? 1 : 2;
  return found.map((tick) => (tick === 0 ? "0" : signed(tick, digits)));
}

function fixed(value) {
  return Number(value.toFixed(2));
}

/* Class and strength of a colour by amount: raising, lowering, or neither. */
function tone(hundredths) {
  if (!hundredths) return { class: "none", "--strength": "0%" };
  const share = Math.min(1, Math.abs(hundredths) / STRONG);
  return { class: hundredths > 0 ? "raising" : "lowering", "--strength": `${Math.round(28 + 72 * share)}%` };
}

/* A pattern that marks what lowers, for eyes and printers without colour; each drawing needs its own. */
let patterns = 0;
function hatch() {
  patterns += 1;
  const id = `hatch-${patterns}`;
  const line = svg("path", { d: "M-1 1 L1 -1 M0 5 L5 0 M4 6 L6 4", class: "hatching" });
  return [svg("defs", null, svg("pattern", { id, width: 5, height: 5, patternUnits: "userSpaceOnUse" }, line)), `url(#${id})`];
}
