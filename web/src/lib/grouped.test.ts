import { describe, expect, it } from "vitest";
import { grouped } from "./grouped";
import { collator } from "./i18n";

const words = (lang: "kk" | "ru" | "en") => ({
  group: (x: [string, string]) => x[0],
  groupTitle: (id: string) => id,
  title: (x: [string, string]) => x[1],
  compare: (a: string, b: string) => collator(lang).compare(a, b),
});
const list: [string, string][] = [["Көлік", "Қала аялдамалары"], ["Ауа", "Бекеттер"], ["Көлік", "Көліктер"], ["Әлеумет", "Мектеп 10"], ["Әлеумет", "Мектеп 9"], ["Ауа", "Ғимараттар"]];
const told = (lang: "kk" | "ru" | "en", typed?: string): string[] => grouped(list, words(lang), typed).map((g) => `${g.title}: ${g.items.map((i) => i.title).join(", ")}`);

describe("grouped", () => {
  it("sorts groups and what is in them as the language does", () => {
    expect(told("kk")).toEqual(["Ауа: Бекеттер, Ғимараттар", "Әлеумет: Мектеп 9, Мектеп 10", "Көлік: Көліктер, Қала аялдамалары"]);
  });

  it("keeps what is typed, without Kazakh letters too, and no empty group", () => {
    expect(told("kk", "кала")).toEqual(["Көлік: Қала аялдамалары"]);
    expect(told("kk", "ауа гим")).toEqual(["Ауа: Ғимараттар"]);
    expect(told("kk", "жоқ нәрсе")).toEqual([]);
    expect(told("kk", "  ")).toHaveLength(3);
    expect(grouped(list, { ...words("kk"), first: "Көлік" })[0]?.id).toBe("Көлік");
  });
});
