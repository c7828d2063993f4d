// The marks of states: always a shape and a word, the same everywhere.

import { h, s } from "./dom.js";
import { t } from "./i18n.js";

const line = (d) => s("path", { d, fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" });

const SHAPES = {
  on_target: () => [line("M3.5 8.6 6.6 11.6 12.6 4.8")],
  watch: () => [s("path", { d: "M8 1.8 15 14H1Z", fill: "var(--amber-shape)" }), s("path", { d: "M8 6v4M8 12.1v.1", stroke: "var(--surface)", "stroke-width": 1.8, "stroke-linecap": "round" })],
  off_target: () => [s("path", { d: "M8 .8 15.2 8 8 15.2.8 8Z", fill: "var(--red)" }), s("path", { d: "M8 4.6v4M8 11.2v.1", stroke: "var(--surface)", "stroke-width": 1.8, "stroke-linecap": "round" })],
  unknown: () => [line("M2 2h12v12H2ZM2 8 8 2M2 14 14 2M8 14 14 8")],
  no_target: () => [line("M4 8h8")],
};

/** The shape of a state, without its word. */
export function shape(state) {
  return s("svg", { class: "shape", viewBox: "0 0 16 16", "aria-hidden": "true" }, (SHAPES[state] ?? SHAPES.unknown)());
}

/** The mark of a state: shape and word. */
export function mark(state, word = t(state)) {
  return h("span", { class: `mark ${state}` }, shape(state), h("span", {}, word));
}

/** A shape whose word only screen readers get; for lines with little room. */
export function smallMark(state) {
  return h("span", { class: `mark ${state}`, title: t(state) }, shape(state), h("span", { class: "unseen" }, t(state)));
}

/** The mark of simulated data. */
export function simulatedMark() {
  return h("span", { class: "simulated" }, t("simulated"));
}

/** The glyph of a button. */
export function glyph(name) {
  const paths = {
    close: "M4 4l8 8M12 4l-8 8",
    table: "M2.5 3.5h11v9h-11ZM2.5 6.5h11M2.5 9.5h11M6.5 6.5v6",
    chart: "M2.5 12.5 6 8l3 2.5 4.5-6",
    auto: "M8 2.5a5.5 5.5 0 1 0 0 11Z",
    light: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
    dark: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z",
    clock: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2ZM8 5v3.2l2 1.3",
  };
  const svg = s("svg", { class: "glyph", viewBox: "0 0 16 16", "aria-hidden": "true" }, line(paths[name]));
  if (name === "auto") svg.append(s("path", { d: "M8 2.5a5.5 5.5 0 0 1 0 11Z", fill: "currentColor" }), line("M8 2.5a5.5 5.5 0 0 1 0 11"));
  return svg;
}
