// How numbers, units, instants and periods look in a language.

import { groupedCount, type Lang } from "./i18n";
import { fields, type Fields } from "./time";
import { AS_PERCENT, UNITS } from "./units";

const NARROW = "\u202f";
const index = { kk: 0, ru: 1, en: 2 } as const;

/** The word of a unit; empty where a bare count speaks for itself. */
export function unitWord(lang: Lang, unit: string | null | undefined): string {
  if (!unit) return "";
  return AS_PERCENT.has(unit) ? "%" : (UNITS[unit]?.[index[lang]] ?? unit);
}

/** A value in the unit in which it is shown: ratios become percent. */
export const inShownUnit = (value: number, unit: string | null | undefined): number => (unit === "ratio" ? Number((value * 100).toPrecision(14)) : value);

/** Digits of a decimal text in the manner of the language. */
export function dress(lang: Lang, text: string): string {
  const [, sign, whole, , part] = /^(-?)(\d+)(\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return text;
  const english = lang === "en";
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, english ? "," : NARROW);
  return (sign ? "−" : "") + grouped + (part ? (english ? "." : ",") + part : "");
}

/** Decimals that show three figures of a number. Whole numbers have none. */
export function decimalsFor(value: number): number {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 99.95) return 0;
  if (size >= 9.995) return 1;
  return size >= 0.9995 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(size * 1.0005)));
}

const LARGE: readonly [number, readonly [string, string, string]][] = [
  [1e12, ["трлн", "трлн", "tn"]],
  [1e9, ["млрд", "млрд", "bn"]],
  [1e6, ["млн", "млн", "m"]],
];

/** A number rounded for reading: three figures, or the given decimals; millions and more in words. */
export function rounded(lang: Lang, value: number, decimals: number | null = null): string {
  const size = Math.abs(value);
  if (decimals === null && size >= 1e6) {
    for (const [least, words] of LARGE) {
      if (size >= least) {
        const scaled = Number((value / least).toPrecision(3));
        return `${dress(lang, scaled.toFixed(Number.isInteger(scaled) ? 0 : decimalsFor(scaled)))}${NARROW}${words[index[lang]]}`;
      }
    }
  }
  if (size >= 1000 && decimals === null) return dress(lang, String(Number(value.toPrecision(3))));
  const text = value.toFixed(decimals ?? decimalsFor(value));
  return dress(lang, Number(text) === 0 ? text.replace("-", "") : text);
}

/** All digits of a number. */
export function full(lang: Lang, value: number): string {
  const text = String(value);
  return text.includes("e") ? text : dress(lang, text);
}

export const count = (lang: Lang, value: number | null | undefined): string => groupedCount(lang, value ?? 0);

/** A number and its word, never broken apart. The percent sign touches the number in English. */
export function joined(lang: Lang, text: string, word: string): string {
  if (!word) return text;
  return `${text}${word === "%" && lang === "en" ? "" : NARROW}${word}`;
}

/** A value with its unit, rounded for reading. */
export function quantity(lang: Lang, value: number, unit: string | null | undefined): string {
  return joined(lang, rounded(lang, inShownUnit(value, unit)), unitWord(lang, unit));
}

/** A share as percent, cut off: only all is 100 %. */
export const share = (lang: Lang, value: number): string => quantity(lang, Math.floor(value * 1000 + 1e-9) / 1000, "ratio");

/** Decimals with which a column of values lines up at the decimal sign. */
export function columnDecimals(values: readonly (number | null)[], unit: string | null | undefined): number {
  const numbers = values.filter((v): v is number => v !== null).map((v) => inShownUnit(v, unit));
  if (numbers.every(Number.isInteger)) return 0;
  const sizes = numbers.map(Math.abs).filter((n) => n > 0).sort((a, b) => a - b);
  if (sizes.length === 0) return 0;
  const [least, largest] = [sizes[0] as number, sizes.at(-1) as number].map((n) => decimalsFor(n * (1 + 1e-12))) as [number, number];
  return Math.min(least, largest + 1);
}

const SIZES: Record<Lang, readonly string[]> = {
  kk: ["Б", "кБ", "МБ", "ГБ", "ТБ"],
  ru: ["Б", "кБ", "МБ", "ГБ", "ТБ"],
  en: ["B", "kB", "MB", "GB", "TB"],
};

export function bytes(lang: Lang, size: number): string {
  const power = size > 0 ? Math.min(Math.floor(Math.log10(size) / 3), 4) : 0;
  return joined(lang, rounded(lang, Number((size / 1000 ** power).toPrecision(3))), SIZES[lang][power] as string);
}

const SPANS: readonly [number, string][] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/** Seconds as the largest whole unit. */
export function seconds(lang: Lang, n: number): string {
  const [size, unit] = SPANS.find(([s]) => n % s === 0 && n >= s) ?? [1, "s"];
  return joined(lang, count(lang, n / size), unitWord(lang, unit));
}

const MONTHS: Record<Lang, readonly string[]> = {
  kk: ["қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан"],
  ru: ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"],
  en: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
};

const two = (n: number): string => String(n).padStart(2, "0");
const month = (lang: Lang, n: number): string => MONTHS[lang][n - 1] ?? "";

const dateText = (lang: Lang, f: Fields): string =>
  lang === "en" ? `${f.day}\u00a0${month(lang, f.month)}\u00a0${f.year}` : `${two(f.day)}.${two(f.month)}.${f.year}`;
const clockText = (f: Fields): string => `${two(f.hour)}:${two(f.minute)}`;

export const date = (lang: Lang, iso: string, zone: string): string => dateText(lang, fields(iso, zone));
export const clock = (iso: string, zone: string): string => clockText(fields(iso, zone));

/** The day and the minute of an instant. */
export function dateTime(lang: Lang, iso: string, zone: string): string {
  const f = fields(iso, zone);
  return `${dateText(lang, f)}\u00a0${clockText(f)}`;
}

/** The day without its year: `22 қараша`. */
export function dayMonth(lang: Lang, iso: string, zone: string): string {
  const f = fields(iso, zone);
  return `${f.day}\u00a0${month(lang, f.month)}`;
}

export interface Span {
  grain: string;
  period_start: string;
  period_end: string;
}

const before = (iso: string): string => new Date(Date.parse(iso) - 1000).toISOString();

/** A period in words: a day, an hour of a day, a month. */
export function period(lang: Lang, span: Span, zone: string): string {
  const f = fields(span.period_start, zone);
  switch (span.grain) {
    case "hour":
    case "minute15":
      return `${dateText(lang, f)}\u00a0${clockText(f)}–${clock(span.period_end, zone)}`;
    case "day":
      return dateText(lang, f);
    case "month":
      return lang === "en" ? `${month(lang, f.month)}\u00a0${f.year}` : `${two(f.month)}.${f.year}`;
    case "year":
      return String(f.year);
    default:
      return `${dateText(lang, f)} – ${date(lang, before(span.period_end), zone)}`;
  }
}
