// The language and zone of the page, and everything that is said in them. Reading `locale` in a component makes it follow.

import type { Place, Text, Value } from "../api/types";
import * as f from "../lib/format";
import { collator, fill, isLang, type Lang, LANGS, type Params } from "../lib/i18n";
import { isMessage, type MessageKey, messages } from "../lib/messages";
import type { State } from "../lib/values";
import { CITY } from "../lib/values";
import { remember, remembered } from "./remember";

function firstLang(): Lang {
  const given = new URLSearchParams(location.search).get("lang") ?? remembered("qala-lang");
  if (isLang(given)) return given;
  return navigator.languages.map((l) => l.slice(0, 2)).find(isLang) ?? "kk";
}

class Locale {
  lang = $state<Lang>(firstLang());
  /** The city's zone, known once the catalogue is there. */
  zone = $state("UTC");
  city = $state<Text | null>(null);
  places = $state.raw<Place[]>([]);
}

export const locale = new Locale();

export function setLang(lang: Lang): void {
  locale.lang = lang;
  document.documentElement.lang = lang;
  remember("qala-lang", lang);
}

/** A phrase in the language of the page. */
export const t = (key: MessageKey, params?: Params): string => fill(locale.lang, messages[key][LANGS.indexOf(locale.lang)] as string, params);

/** A phrase whose key is put together; the second when there is none. */
export const tOr = (key: string, otherwise: string, params?: Params): string => (isMessage(key) ? t(key, params) : otherwise);

/** Words of the catalogue in this language; another language when they are missing. */
export const words = (text: Text | string | null | undefined): string =>
  typeof text === "string" ? text : text?.[locale.lang] || text?.kk || text?.ru || text?.en || "";

export const roleName = (role: string): string => tOr(`role_${role}`, role);
export const subjectName = (subject: string): string => tOr(`subject_${subject}`, subject);

export function placeName(id: string): string {
  if (id === CITY) return words(locale.city);
  const place = locale.places.find((p) => p.place_id === id);
  return place ? place[`name_${locale.lang}`] || place.name_kk || place.name_ru || place.name_en : id;
}

/** A name for lists of districts: without the word “district”, which the list says already. */
export const shortPlace = (id: string): string => placeName(id).replace(/\s+(ауданы|район)$/u, "");

/** A text with a capital first letter. */
export const capital = (text: string): string => text.charAt(0).toLocaleUpperCase(locale.lang) + text.slice(1);

export const compare = (a: string, b: string): number => collator(locale.lang).compare(a, b);

export const count = (n: number | null | undefined): string => f.count(locale.lang, n);
export const full = (n: number): string => f.full(locale.lang, n);
export const unitWord = (unit: string | null | undefined): string => f.unitWord(locale.lang, unit);
export const quantity = (n: number, unit: string | null | undefined): string => f.quantity(locale.lang, n, unit);
export const rounded = (n: number, unit: string | null | undefined, decimals: number | null = null): string =>
  f.rounded(locale.lang, f.inShownUnit(n, unit), decimals);
export const share = (n: number): string => f.share(locale.lang, n);
export const bytes = (n: number): string => f.bytes(locale.lang, n);
export const seconds = (n: number): string => f.seconds(locale.lang, n);
export const date = (iso: string): string => f.date(locale.lang, iso, locale.zone);
export const dateTime = (iso: string): string => f.dateTime(locale.lang, iso, locale.zone);
/** A day whose last moment is meant is told as that day; any other instant with its hour. */
export const deadline = (iso: string): string => (clock(iso) === "23:59" ? date(iso) : dateTime(iso));
export const clock = (iso: string): string => f.clock(iso, locale.zone);
export const dayMonth = (iso: string): string => f.dayMonth(locale.lang, iso, locale.zone);
export const period = (span: f.Span): string => f.period(locale.lang, span, locale.zone);
export const instant = (ms: number): string => dateTime(new Date(ms).toISOString());

/** All digits as they are stored: a ratio stays a ratio, for a product would round. */
export function exact(n: number, unit: string | null | undefined): string {
  const word = unit === "ratio" ? t("ratio") : unitWord(unit).replace("/", "\u2060/\u2060");
  return word ? `${full(n)} ${word}` : full(n);
}

/** How long ago an instant was: relative up to a day, then the date. */
export function ago(iso: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(iso)) / 60000);
  if (minutes < 0) return t("in_future");
  if (minutes < 1) return t("ago_now");
  if (minutes < 60) return t("ago_minutes", { n: minutes });
  return minutes < 1440 ? t("ago_hours", { n: Math.floor(minutes / 60) }) : dateTime(iso);
}

/** How long something has lasted: the two largest units. */
export function lasting(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60000));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const parts: [MessageKey, number][] = days > 0 ? [["lasting_days", days], ["lasting_hours", hours]] : [["lasting_hours", hours], ["lasting_minutes", rest]];
  const said = parts.filter(([, n]) => n > 0).map(([key, n]) => t(key, { n }));
  return said.length > 0 ? said.join(" ") : t("lasting_moment");
}

/** Why there is no value, as a sentence. */
export const reason = (value: Value | null): string =>
  value ? tOr(`reason_${value.reason}`, t("reason_other", { reason: value.reason ?? t("state_unknown") })) : t("reason_never");

/** The same in two words, for charts. */
export const gapWord = (value: Value): string => tOr(`gap_${value.reason}`, value.reason ?? t("state_unknown"));

export const stateWord = (state: State): string => t(`state_${state}`);
