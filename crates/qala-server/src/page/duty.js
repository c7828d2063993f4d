// Whom to call: feeds that are overdue, devices that are silent, feeds from which nothing ever came.

import { h } from "./dom.js";
import { count, dateTime, quantity, seconds } from "./format.js";
import { t, words } from "./i18n.js";
import { mark, simulatedMark } from "./marks.js";

/** How long something has lasted, in words: the two largest units. */
export function lasting(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60000));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const parts = days > 0 ? [["days", days], ["hours", hours]] : [["hours", hours], ["minutes", rest]];
  const said = parts.filter(([, n]) => n > 0).map(([unit, n]) => t(`lasting_${unit}`, { n }));
  return said.length > 0 ? said.join(" ") : t("lasting_moment");
}

// Rounded down: what was missed never looks whole.
const percent = (share) => quantity(Math.floor(share * 1000) / 1000, "ratio");

/** A number as it is dialled. */
const dialled = (phone) => phone.replace(/[^+\d]/g, "");

function person({ simulated, obligation: { contact, department, function: owner } }) {
  const office = [words(owner), words(department)].filter(Boolean).join(" · ");
  const way = (href, text) => h("a", { href, "data-key": href }, text);
  return h("div", { class: "call-who" },
    contact
      ? [h("b", {}, words(contact.name)),
        contact.phone && way(`tel:${dialled(contact.phone)}`, contact.phone),
        contact.email && way(`mailto:${contact.email}`, contact.email),
        contact.simulated && !simulated && simulatedMark()]
      : h("span", { class: "dim" }, t("call_nobody")),
    office && h("small", {}, office));
}

function promise({ cadence_s: cadence, hours, kept_7d: week, kept_30d: month }) {
  const within = hours && t(hours.working_days ? "call_hours_working" : "call_hours", hours);
  const kept = [[7, week], [30, month]].filter(([, share]) => share !== null).map(([n, share]) => t("call_kept", { n, share: percent(share) }));
  return [cadence && t("call_promised", { every: seconds(cadence) }), within, ...kept].filter(Boolean).join(" · ");
}

function devices(feed, now) {
  const { silent, silent_devices: n, devices: all } = feed.obligation;
  if (n === 0) return null;
  const one = ({ device, since }) => h("li", {}, h("b", {}, device), " ", t("call_device", { age: lasting(now - Date.parse(since)), time: dateTime(since) }));
  const more = n > silent.length && h("li", { class: "dim" }, t("more_districts", { n: n - silent.length }));
  return h("details", { "data-key": `silent ${feed.id}` },
    h("summary", {}, t("call_devices", { n: count(n), all: count(all) })),
    h("ul", {}, silent.map(one), more));
}

function call(feed, now) {
  const { obligation } = feed;
  const { state, last_arrival: last } = obligation;
  const overdue = state === "late" || state === "stopped";
  return h("li", { class: `call ${state}` },
    h("div", { class: "call-what" },
      h("p", { class: "call-title" }, h("b", {}, words(feed.title) || feed.id), feed.simulated && simulatedMark()),
      overdue && h("p", {}, mark("watch", t(`feed_${state}`)), " ", t("call_silent", { age: lasting(now - Date.parse(last)), time: dateTime(last) })),
      h("p", { class: "dim" }, promise(obligation)),
      devices(feed, now)),
    person(feed));
}

/** Feeds to call about, the most overdue first; then those with silent devices. */
function toCall(feeds) {
  const overdue = feeds
    .filter((f) => ["late", "stopped"].includes(f.obligation?.state))
    .sort((a, b) => Date.parse(a.obligation.due) - Date.parse(b.obligation.due));
  const silent = feeds
    .filter((f) => !overdue.includes(f) && f.obligation?.silent_devices > 0)
    .sort((a, b) => Date.parse(a.obligation.silent[0].since) - Date.parse(b.obligation.silent[0].since));
  return [...overdue, ...silent];
}

/** The list of calls; null when there is nobody to call. */
export function callsPart(feeds, now) {
  const calls = toCall(feeds);
  const never = feeds.filter((f) => f.obligation?.state === "never");
  if (calls.length + never.length === 0) return null;
  return h("div", { class: "card calls" },
    calls.length > 0 && h("ol", {}, calls.map((feed) => call(feed, now))),
    never.length > 0 && h("details", { class: "never", "data-key": "never came" },
      h("summary", {}, t("call_never", { n: never.length })),
      h("ul", {}, never.map((feed) => call(feed, now)))));
}
