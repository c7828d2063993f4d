// Phrases with values and plural forms: the part of ICU MessageFormat that is needed, `{name}` and
// `{name, plural, one {# feed} other {# feeds}}`. Which form a number takes comes from `Intl.PluralRules`.

export const LANGS = ["kk", "ru", "en"] as const;
export type Lang = (typeof LANGS)[number];
export type Params = Record<string, string | number>;
/** One phrase in the order of `LANGS`. */
export type Phrase = readonly [kk: string, ru: string, en: string];

export const LANG_NAMES: Record<Lang, string> = { kk: "Қазақша", ru: "Русский", en: "English" };

const rules: Record<Lang, Intl.PluralRules> = {
  kk: new Intl.PluralRules("kk"),
  ru: new Intl.PluralRules("ru"),
  en: new Intl.PluralRules("en"),
};

export const isLang = (code: unknown): code is Lang => LANGS.includes(code as Lang);

/** Digits of a whole number in groups of three. */
export function groupedCount(lang: Lang, n: number): string {
  const text = String(Math.abs(Math.trunc(n)));
  const grouped = text.replace(/\B(?=(\d{3})+$)/g, lang === "en" ? "," : "\u202f");
  return n < 0 ? `−${grouped}` : grouped;
}

/** The end of the group that begins with `{` at `start`. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    if (text[i] === "{") depth += 1;
    else if (text[i] === "}") {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  throw new Error(`a brace is not closed in: ${text}`);
}

/** The forms of a plural: `one {…} other {…}`. */
export function pluralForms(text: string): Map<string, string> {
  const forms = new Map<string, string>();
  let at = 0;
  for (;;) {
    const open = text.indexOf("{", at);
    if (open < 0) return forms;
    const end = closing(text, open);
    forms.set(text.slice(at, open).trim(), text.slice(open + 1, end));
    at = end + 1;
  }
}

function number(value: string | number | undefined): number {
  return typeof value === "number" ? value : Number(String(value ?? "").replace(/[\u202f,]/g, ""));
}

const shown = (lang: Lang, value: string | number | undefined): string =>
  typeof value === "number" && Number.isInteger(value) ? groupedCount(lang, value) : String(value ?? "");

/** A phrase with its values filled in. */
export function fill(lang: Lang, phrase: string, params: Params = {}): string {
  let out = "";
  let at = 0;
  for (;;) {
    const open = phrase.indexOf("{", at);
    if (open < 0) return out + phrase.slice(at);
    out += phrase.slice(at, open);
    const end = closing(phrase, open);
    const inside = phrase.slice(open + 1, end);
    const parts = /^(\w+)\s*,\s*plural\s*,([\s\S]*)$/.exec(inside);
    if (parts) {
      const value = params[parts[1] as string];
      const forms = pluralForms(parts[2] as string);
      const n = number(value);
      const form = forms.get(`=${n}`) ?? forms.get(rules[lang].select(n)) ?? forms.get("other") ?? "";
      out += fill(lang, form.replaceAll("#", shown(lang, value)), params);
    } else {
      out += shown(lang, params[inside.trim()]);
    }
    at = end + 1;
  }
}

/** Compares texts as a reader of the language sorts them: Ә after А, Ғ after Г, Қ after К, digits by their number. */
export function collator(lang: Lang): Intl.Collator {
  return new Intl.Collator(lang, { numeric: true, sensitivity: "base" });
}
