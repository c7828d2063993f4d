// The small trend line: gaps as gaps, the target as a thin line with its value at the end. Arrow keys and the pointer read
// values, Enter and a click open the passport.

import { h, s } from "./dom.js";
import { clock, date, dateTime, period, quantity, rounded, shown } from "./format.js";
import { has, t } from "./i18n.js";

const WIDTH = 300;
const HEIGHT = 60;

const time = (value) => Date.parse(value.period_start);

/** Why a period has no value, in two words. */
export const gapWord = (value) => (has(`gap_${value.reason}`) ? t(`gap_${value.reason}`) : (value.reason ?? t("unknown")));

function scales(values, targets) {
  const numbers = values.flatMap((v) => [v.value, v.lower, v.upper]).filter((v) => v !== null && v !== undefined);
  if (targets) numbers.push(targets.target);
  // Not `Math.min(...)`: a year of quarters of an hour is too many arguments.
  const [low, high] = numbers.reduce(([least, most], n) => [Math.min(least, n), Math.max(most, n)], [Infinity, -Infinity]);
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  const [from, to] = [time(values[0]), time(values.at(-1))];
  return {
    x: (value) => (to === from ? WIDTH / 2 : 4 + ((time(value) - from) / (to - from)) * (WIDTH - 8)),
    y: (number) => HEIGHT - ((number - low + room) / (high - low + 2 * room)) * HEIGHT,
  };
}

/** Runs of neighbouring periods that have values. */
function runs(values) {
  const out = [];
  let last = null;
  for (const value of values) {
    const broken = last && time(value) - Date.parse(last.period_end) > 0.6 * (Date.parse(last.period_end) - time(last));
    if (value.value !== null) {
      if (!last || last.value === null || broken) out.push([]);
      out.at(-1).push(value);
    }
    last = value;
  }
  return out;
}

const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

function draw(values, indicator) {
  const { x, y } = scales(values, indicator.targets);
  const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  if (indicator.targets) {
    const at = y(indicator.targets.target);
    svg.append(s("path", { class: "target-line", d: `M0 ${at.toFixed(1)}H${WIDTH}` }));
  }
  for (const run of runs(values)) {
    const band = run.filter((v) => v.lower !== null && v.upper !== null);
    if (band.length > 1) {
      const edge = [...band.map((v) => [x(v), y(v.upper)]), ...band.reverse().map((v) => [x(v), y(v.lower)])];
      svg.append(s("path", { class: "band", d: `${path(edge)}Z` }));
    }
    svg.append(s("path", { class: "line", d: path(run.map((v) => [x(v), y(v.value)])) }));
    // A dot where a line alone would not show: few values, or one between gaps.
    const dots = values.length <= 14 ? run : run.length === 1 ? run : [];
    for (const v of dots) svg.append(s("path", { class: "dot", d: `M${x(v).toFixed(1)} ${y(v.value).toFixed(1)}h0` }));
  }
  return { svg, x, y };
}

/** The first and the last day; within one day the first and the last minute. */
function ends(values) {
  const [first, last] = [values[0], values.at(-1)];
  if (date(first.period_start) !== date(last.period_start)) return [date(first.period_start), date(last.period_start)];
  return values.length > 1 ? [dateTime(first.period_start), clock(last.period_end)] : [date(first.period_start)];
}

/** A trend of one place. `open` gets the value whose passport is wanted; `marked` is the value shown beside. */
export function trend({ values, indicator, title, marked, open }) {
  const known = values.filter((v) => v.value !== null);
  if (known.length === 0) return null;
  const { svg, x, y } = draw(values, indicator);
  if (marked && marked.value !== null) {
    svg.append(s("path", { class: "dot marked", d: `M${x(marked).toFixed(1)} ${y(marked.value).toFixed(1)}h0` }));
  }
  const cursor = s("path", { class: "cursor" });
  svg.append(cursor);
  const tip = h("div", { class: "tip", hidden: true });
  const say = (v) => `${period(v)}: ${v.value === null ? gapWord(v) : quantity(v.value, indicator.unit)}`;
  let at = values.length - 1;
  const plot = h("div", {
    class: "plot",
    tabindex: 0,
    role: "slider",
    "data-key": `trend ${indicator.id}`,
    "aria-label": t("chart_label", { title, n: known.length, from: date(values[0].period_start), to: date(values.at(-1).period_start) }),
    "aria-valuemin": 1,
    "aria-valuemax": values.length,
  }, svg, tip);
  const point = (index, seen) => {
    at = Math.max(0, Math.min(values.length - 1, index));
    plot.setAttribute("aria-valuenow", at + 1);
    plot.setAttribute("aria-valuetext", say(values[at]));
    if (!seen) return;
    const left = x(values[at]);
    cursor.setAttribute("d", `M${left.toFixed(1)} 0V${HEIGHT}`);
    tip.textContent = say(values[at]);
    tip.hidden = false;
    tip.style.left = `${(left / WIDTH) * 100}%`;
    tip.style.translate = `${-(left / WIDTH) * 100}% 0`;
  };
  const leave = () => {
    cursor.removeAttribute("d");
    tip.hidden = true;
  };
  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    const wanted = ((event.clientX - box.left) / box.width) * WIDTH;
    return values.reduce((best, v, i) => (Math.abs(x(v) - wanted) < Math.abs(x(values[best]) - wanted) ? i : best), 0);
  };
  plot.addEventListener("pointermove", (event) => point(nearest(event), true));
  plot.addEventListener("pointerleave", leave);
  plot.addEventListener("focus", () => plot.matches(":focus-visible") && point(at, true));
  plot.addEventListener("blur", leave);
  plot.addEventListener("click", (event) => open(values[nearest(event)]));
  plot.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -7, PageUp: 7, Home: -Infinity, End: Infinity };
    if (event.key in steps) point(at + steps[event.key], true);
    else if (event.key === "Enter") open(values[at]);
    else return;
    event.preventDefault();
  });
  point(at, false);
  const aim = indicator.targets && h("span", { class: "target-value", style: `top:${((y(indicator.targets.target) / HEIGHT) * 100).toFixed(1)}%` },
    rounded(shown(indicator.targets.target, indicator.unit)));
  const days = h("div", { class: "days" }, ends(values).map((e) => h("span", {}, e)));
  return h("div", { class: "trend" }, h("div", { class: "plot-row" }, plot, aim), days);
}
