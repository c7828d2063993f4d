import { describe, expect, it } from "vitest";
import { framed, lines, type Measure } from "./framed";

/** Every letter is half as wide as it is high. */
const measure: Measure = (text, size) => text.length * size * 0.5;

describe("a picture that is taken away", () => {
  it("has title, date, source and the mark of simulated data around it, and nothing over it", () => {
    const frame = framed({ title: "PM2.5 орташа концентрациясы", lines: ["03.03.2026", ""], source: "Qala, city.kz", mark: "модельдік деректер" }, { width: 600, height: 320 }, measure);
    expect(frame.texts.map((t) => t.text)).toEqual(["PM2.5 орташа концентрациясы", "03.03.2026", "модельдік деректер", "Qala, city.kz"]);
    expect(frame.picture).toMatchObject({ x: 16, width: 600, height: 320 });
    const [above, below] = [frame.texts.slice(0, -1), frame.texts.slice(-1)];
    for (const text of above) expect(text.y).toBeLessThanOrEqual(frame.picture.y);
    for (const text of below) expect(text.y - text.size).toBeGreaterThanOrEqual(frame.picture.y + frame.picture.height);
    expect(frame.texts.every((t) => t.y < frame.height && t.x + measure(t.text, t.size, t.bold) <= frame.width)).toBe(true);
    expect(frame.texts.find((t) => t.tone === "mark")?.bold).toBe(true);
  });

  it("says nothing of simulated data where there are none", () => {
    const frame = framed({ title: "a", lines: [], source: "b", mark: null }, { width: 600, height: 10 }, measure);
    expect(frame.texts.some((t) => t.tone === "mark")).toBe(false);
  });

  it("breaks a long title, and gives a narrow picture room for its words", () => {
    const title = "Жедел жәрдемнің келу уақыты нормадан асқан аудандар мен елді мекендер тізімі";
    const frame = framed({ title, lines: [], source: "s", mark: null }, { width: 200, height: 100 }, measure);
    expect(frame.width).toBe(480 + 32);
    const said = frame.texts.filter((t) => t.bold);
    expect(said.length).toBeGreaterThan(1);
    expect(said.map((t) => t.text).join(" ")).toBe(title);
    expect(frame.picture.x).toBe(16 + 140);
    // Lines do not stand on each other.
    said.reduce((before, t) => {
      expect(t.y - before).toBeGreaterThanOrEqual(t.size);
      return t.y;
    }, 0);
  });

  it("keeps every word", () => {
    expect(lines("a  bb ccc", 4, (t) => t.length)).toEqual(["a bb", "ccc"]);
    expect(lines("", 4, (t) => t.length)).toEqual([]);
  });
});
