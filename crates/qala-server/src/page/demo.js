// The seeded city: how far it is filled in, how far behind it is, what it takes on the disk, how fast its time runs.

import { h } from "./dom.js";
import { bytes, count, dateTime, seconds } from "./format.js";
import { t } from "./i18n.js";
import { glyph } from "./marks.js";

/** True while the page has to look more often than usual. */
export const isMoving = (demo) => Boolean(demo) && (demo.phase !== "live" || demo.speed > 1);

/** Seconds for reading: whole minutes and hours once there are some. */
function span(s) {
  if (s < 120) return seconds(s);
  return s < 7200 ? seconds(Math.round(s / 60) * 60) : seconds(Math.round(s / 3600) * 3600);
}

function facts(demo) {
  return [
    t(demo.behind_s > 0 ? "demo_behind" : "demo_on_time", { time: span(demo.behind_s) }),
    t("demo_disk", { size: bytes(demo.disk_bytes) }),
  ];
}

function filling(demo) {
  const share = demo.expected > 0 ? Math.min(1, demo.done / demo.expected) : 0;
  const percent = Math.floor(share * 100);
  return h("div", { class: "filling card" },
    h("p", {}, h("b", {}, t("demo_filling")), ` ${t(`demo_${demo.phase}`)}`),
    h("div", { class: "progress", role: "progressbar", "aria-label": t("demo_filling"), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": percent },
      h("i", { style: `width: ${(share * 100).toFixed(1)}%` })),
    h("p", { class: "dim" }, [
      `${count(percent)} %`,
      demo.gap_from && t("demo_gap", { from: dateTime(demo.gap_from), to: dateTime(demo.gap_to) }),
      ...facts(demo),
    ].filter(Boolean).join(" · ")));
}

/** What is said of the seeded city at the head of the page; nothing when all is as usual. */
export function demoPart(demo) {
  if (!demo) return null;
  const parts = [
    demo.error && h("p", { class: "notice stale", role: "alert" }, glyph("clock"), h("span", {}, t("demo_stands", { error: demo.error }))),
    demo.speed > 1 && h("p", { class: "notice stale" }, glyph("clock"), h("span", {}, t("demo_fast", { n: count(demo.speed), time: dateTime(demo.catches_up) }))),
    demo.phase !== "live" && filling(demo),
  ].filter(Boolean);
  return h("div", { class: "demo", id: "demo", hidden: parts.length === 0 }, parts);
}

/** What is said of it at the foot, once it lives. */
export const demoFacts = (demo) => (demo?.phase === "live" ? [t("demo_seed", { n: demo.seed }), ...facts(demo)] : []);
