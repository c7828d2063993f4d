import { describe, expect, it } from "vitest";
import { collator, fill, LANGS, pluralForms } from "./i18n";
import { messages } from "./messages";

const plurals = (phrase: string): [string, string][] => {
  const out: [string, string][] = [];
  for (let at = phrase.indexOf(", plural,"); at >= 0; at = phrase.indexOf(", plural,", at + 1)) {
    const open = phrase.lastIndexOf("{", at);
    let depth = 0;
    let end = open;
    do {
      if (phrase[end] === "{") depth += 1;
      if (phrase[end] === "}") depth -= 1;
      end += 1;
    } while (depth > 0);
    out.push([phrase.slice(open + 1, at).trim(), phrase.slice(at + ", plural,".length, end - 1)]);
  }
  return out;
};

const names = (phrase: string): string[] => {
  let rest = phrase;
  const found: string[] = [];
  for (const [name, forms] of plurals(phrase)) {
    found.push(name);
    rest = rest.replace(forms, "");
    for (const form of pluralForms(forms).values()) found.push(...names(form));
  }
  found.push(...[...rest.matchAll(/\{(\w+)\}/g)].map((m) => m[1] as string));
  return [...new Set(found)].sort();
};

describe("fill", () => {
  it("takes the form of the language", () => {
    const phrase = "{n, plural, one {# строка} few {# строки} many {# строк} other {# строки}}";
    expect([1, 2, 5, 11, 21, 1234].map((n) => fill("ru", phrase, { n }))).toEqual(["1 строка", "2 строки", "5 строк", "11 строк", "21 строка", "1\u202f234 строки"]);
    expect(fill("en", "{n, plural, one {# row} other {# rows}} in {place}", { n: 1, place: "X" })).toBe("1 row in X");
    expect(fill("ru", "{off} из {n} {n, plural, one {показателя} other {показателей}}", { off: 1, n: 11 })).toBe("1 из 11 показателей");
  });

  it("says an exact number where one is given", () => {
    expect(fill("en", "{n, plural, =0 {nothing} other {#}}", { n: 0 })).toBe("nothing");
  });

  it("refuses a brace that is not closed", () => {
    expect(() => fill("en", "{n", { n: 1 })).toThrow();
  });
});

describe("messages", () => {
  it("are there in three languages with the same values", () => {
    for (const [key, phrase] of Object.entries(messages)) {
      expect(phrase, key).toHaveLength(3);
      for (const text of phrase) expect(text.trim().length, key).toBeGreaterThan(0);
      const [kk, ru, en] = phrase.map(names);
      expect(ru, key).toEqual(en);
      expect(kk, key).toEqual(en);
    }
  });

  it("have every plural form their language needs", () => {
    for (const [key, phrase] of Object.entries(messages)) {
      phrase.forEach((text, i) => {
        for (const [, forms] of plurals(text)) {
          const given = pluralForms(forms);
          expect(given.has("other"), key).toBe(true);
          if (LANGS[i] === "en" || LANGS[i] === "ru") expect(given.has("one"), key).toBe(true);
          // Russian: either all forms, or one form against the rest where the case is the same.
          if (LANGS[i] === "ru" && given.has("few")) expect(given.has("many"), key).toBe(true);
        }
      });
    }
  });
});

describe("collator", () => {
  it("sorts Kazakh letters in their places", () => {
    const sorted = ["Үй", "Қала", "Ұя", "Көше", "Әже", "Бала", "Ғылым", "Ана", "Гүл", "Іс", "Ит", "Өзен", "Орал"].sort(collator("kk").compare);
    expect(sorted).toEqual(["Ана", "Әже", "Бала", "Гүл", "Ғылым", "Ит", "Көше", "Қала", "Орал", "Өзен", "Ұя", "Үй", "Іс"]);
  });
});
