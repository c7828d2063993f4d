// The language of the page: Kazakh, Russian, English. Words lie in words/; how numbers and dates look, in format.js.

import { remembered } from "./dom.js";
import * as duty from "./words/duty.js";
import en from "./words/en.js";
import kk from "./words/kk.js";
import ru from "./words/ru.js";

const WORDS = { kk: { ...kk, ...duty.kk }, ru: { ...ru, ...duty.ru }, en: { ...en, ...duty.en } };

/** Languages in the order in which they are offered. */
export const LANGUAGES = [
  { code: "kk", short: "Қаз", name: "Қазақша" },
  { code: "ru", short: "Рус", name: "Русский" },
  { code: "en", short: "Eng", name: "English" },
];

const known = (code) => (code && code in WORDS ? code : null);

function first() {
  const address = known(new URLSearchParams(location.search).get("lang"));
  const browser = navigator.languages.map((l) => known(l.slice(0, 2))).find(Boolean);
  return address ?? known(remembered.get("lang")) ?? browser ?? "kk";
}

let current = first();

/** The language in use. */
export const language = () => current;

/** Changes the language; remembered on this device. */
export function setLanguage(code) {
  current = known(code) ?? current;
  remembered.set("lang", current);
}

/** A phrase. `{name}` is replaced; a phrase that is a function gets the values and this language's plural rules. */
export function t(key, values = {}) {
  const phrase = WORDS[current][key] ?? WORDS.en[key] ?? key;
  if (typeof phrase === "function") return phrase(values);
  return phrase.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** True when there is such a phrase. */
export const has = (key) => key in WORDS.en;

/** The words of the catalog in this language; another language when they are missing. */
export function words(text) {
  return text?.[current] || text?.kk || text?.ru || text?.en || "";
}

/** The name of a place of `/api/places`. */
export function placeName(place) {
  return place[`name_${current}`] || place.name_kk || place.name_ru || place.name_en || place.place_id;
}
