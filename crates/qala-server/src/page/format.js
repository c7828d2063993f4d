// How numbers, units, instants and periods look. Instants arrive as ISO 8601 with the city's offset: their clock fields are
// shown as they stand. The browser's zone is never used.

import { language, t } from "./i18n.js";

const NARROW = "\u202f";

/** Symbols of qala-core that read otherwise in a language; what is not here is shown as it is. */
const UNITS = {
  "ug/m3": ["мкг/м³", "мкг/м³", "µg/m³"],
  "mg/m3": ["мг/м³", "мг/м³", "mg/m³"],
  "g/m3": ["г/м³", "г/м³", "g/m³"],
  "kg/m3": ["кг/м³", "кг/м³", "kg/m³"],
  ppb: ["млрд⁻¹", "млрд⁻¹", "ppb"],
  ppm: ["млн⁻¹", "млн⁻¹", "ppm"],
  m: ["м", "м", "m"],
  mm: ["мм", "мм", "mm"],
  km: ["км", "км", "km"],
  s: ["с", "с", "s"],
  ms: ["мс", "мс", "ms"],
  min: ["мин", "мин", "min"],
  h: ["сағ", "ч", "h"],
  d: ["тәул", "сут", "d"],
  "m/s": ["м/с", "м/с", "m/s"],
  "km/h": ["км/сағ", "км/ч", "km/h"],
  "1/h": ["сағатына", "в час", "per hour"],
  "veh/h": ["көлік/сағ", "авт./ч", "veh/h"],
  "veh/min": ["көлік/мин", "авт./мин", "veh/min"],
  count: ["", "", ""],
  1: ["", "", ""],
  persons: ["адам", "чел.", "people"],
  vehicles: ["көлік", "машин", "vehicles"],
  trips: ["рейс", "рейсов", "trips"],
  boardings: ["отырғызу", "посадок", "boardings"],
  deg: ["°", "°", "°"],
  Cel: ["°C", "°C", "°C"],
  degF: ["°F", "°F", "°F"],
  Pa: ["Па", "Па", "Pa"],
  hPa: ["гПа", "гПа", "hPa"],
  mmHg: ["мм сын. бағ.", "мм рт. ст.", "mmHg"],
  kg: ["кг", "кг", "kg"],
  t: ["т", "т", "t"],
  "kg/s": ["кг/с", "кг/с", "kg/s"],
  "t/y": ["т/жыл", "т/год", "t/y"],
  m2: ["м²", "м²", "m²"],
  km2: ["км²", "км²", "km²"],
  KZT: ["₸", "₸", "₸"],
  "1000 KZT": ["мың ₸", "тыс. ₸", "thousand ₸"],
  dB: ["дБ", "дБ", "dB"],
};

const AS_PERCENT = new Set(["ratio", "%"]);

/** The word of a unit; empty where a bare count speaks for itself. */
export function unitWord(unit) {
  if (AS_PERCENT.has(unit)) return "%";
  return UNITS[unit]?.[["kk", "ru", "en"].indexOf(language())] ?? unit ?? "";
}

/** A value in the unit in which it is shown: ratios become percent. */
export const shown = (value, unit) => (unit === "ratio" ? value * 100 : value);

/** Digits of a decimal text in the manner of the language. */
function dress(text) {
  const [, sign, whole, , part] = /^(-?)(\d+)(\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return text;
  const english = language() === "en";
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, english ? "," : NARROW);
  return (sign ? "−" : "") + grouped + (part ? (english ? "." : ",") + part : "");
}

/** Decimals that show three figures of a number. Whole numbers have none. */
export function decimalsFor(number) {
  const size = Math.abs(number);
  if (Number.isInteger(number) || size >= 99.95) return 0;
  return size >= 9.995 ? 1 : size >= 0.9995 ? 2 : Math.min(9, 2 - Math.floor(Math.log10(size * 1.0005)));
}

/** A number rounded for reading: three figures, or the given decimals. */
export function rounded(number, decimals = null) {
  if (Math.abs(number) >= 1000) return dress(String(Number(number.toPrecision(3))));
  return dress(number.toFixed(decimals ?? decimalsFor(number)));
}

/** All digits of a number. */
export function full(number) {
  const text = String(number);
  return text.includes("e") ? text : dress(text);
}

/** A count. */
export const count = (number) => dress(String(number ?? 0));

const joined = (number, word) => (word ? `${number}${word === "%" && language() === "en" ? "" : NARROW}${word}` : number);

/** A value with its unit, rounded for reading. */
export const quantity = (value, unit) => joined(rounded(shown(value, unit)), unitWord(unit));

/** Decimals with which a column of values lines up at the decimal sign. */
export function columnDecimals(values, unit) {
  const numbers = values.filter((v) => v !== null).map((v) => shown(v, unit));
  if (numbers.every(Number.isInteger)) return 0;
  const sizes = numbers.map(Math.abs).filter((n) => n > 0).sort((a, b) => a - b);
  // A hair is added, for a whole number among others has decimals too.
  const [least, largest] = [sizes[0], sizes.at(-1)].map((n) => decimalsFor(n * (1 + 1e-12)));
  return Math.min(least, largest + 1);
}

/** A byte count. */
export function bytes(size) {
  const words = t("bytes").split(" ");
  const power = size > 0 ? Math.min(Math.floor(Math.log10(size) / 3), words.length - 1) : 0;
  return joined(rounded(size / 1000 ** power), words[power]);
}

/** Seconds as the shortest whole unit. */
export function seconds(number) {
  const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([s]) => number % s === 0 && number >= s) ?? [1, "s"];
  return joined(count(number / size), unitWord(unit));
}

/** The clock fields of an instant as its text has them. */
function fields(iso) {
  const [date, time] = [iso.slice(0, 10), iso.slice(11, 16)];
  const [year, month, day] = date.split("-");
  return { year, month, day, time };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The day of an instant. */
export function date(iso) {
  const f = fields(iso);
  return language() === "en" ? `${Number(f.day)}\u00a0${MONTHS[f.month - 1]}\u00a0${f.year}` : `${f.day}.${f.month}.${f.year}`;
}

/** The day and the minute of an instant. */
export const dateTime = (iso) => `${date(iso)}\u00a0${fields(iso).time}`;

/** The minute of an instant. */
export const clock = (iso) => fields(iso).time;

/** The instant some milliseconds earlier, with the same offset. */
export function earlier(iso, milliseconds) {
  const offset = iso.match(/(Z|[+-]\d\d:\d\d)$/)?.[1] ?? "Z";
  const moved = new Date(Date.parse(`${iso.slice(0, 19)}Z`) - milliseconds);
  return moved.toISOString().slice(0, 19) + offset;
}

/** A period in words: a day, an hour of a day, a month. */
export function period(value) {
  const { grain, period_start: start, period_end: end } = value;
  const f = fields(start);
  if (grain === "hour" || grain === "minute15") return `${dateTime(start)}–${clock(end)}`;
  if (grain === "day") return date(start);
  if (grain === "month") return language() === "en" ? `${MONTHS[f.month - 1]} ${f.year}` : `${f.month}.${f.year}`;
  if (grain === "year") return f.year;
  return `${date(start)} – ${date(earlier(end, 1000))}`;
}

/** How long ago an instant was: relative up to a day, then nothing, for the date says it. */
export function ago(iso, now) {
  const minutes = Math.floor((now - Date.parse(iso)) / 60000);
  if (minutes < 0) return t("in_future");
  if (minutes < 1) return t("ago_now");
  if (minutes < 60) return t("ago_minutes", { n: minutes });
  return minutes < 1440 ? t("ago_hours", { n: Math.floor(minutes / 60) }) : null;
}
