import { describe, expect, it } from "vitest";
import { ticksOf } from "./ticks";

const day = (month: number, date: number): number => Date.UTC(2026, month, date);
const days = (n: number): number[] => Array.from({ length: n }, (_, i) => day(0, 1) + i * 86400000);
const text = (ticks: number[] | null): string[] => (ticks ?? []).map((ms) => new Date(ms).toISOString().slice(0, 10));

describe("ticksOf", () => {
  it("leaves hours to the axis", () => expect(ticksOf("hour", days(3))).toBeNull());

  it("marks days, the newest among them", () => {
    expect(ticksOf("day", days(3))).toEqual(days(3));
    expect(ticksOf("day", days(30))?.at(-1)).toBe(days(30).at(-1));
    expect(ticksOf("day", days(30))?.length).toBeLessThanOrEqual(8);
    expect(ticksOf("day", days(1))).toEqual(days(1));
    expect(ticksOf("day", [])).toEqual([]);
  });

  it("marks months of a long line of days", () => {
    expect(text(ticksOf("day", days(365)))).toEqual(["2026-01-01", "2026-03-01", "2026-05-01", "2026-07-01", "2026-09-01", "2026-11-01"]);
  });

  it("marks months by quarters of the year, and years one by one", () => {
    const list = Array.from({ length: 24 }, (_, i) => Date.UTC(2025, i, 1));
    expect(text(ticksOf("month", list))).toEqual(["2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01", "2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01"]);
    const years = [2023, 2024, 2025].map((y) => Date.UTC(y, 0, 1));
    expect(ticksOf("year", years)).toEqual(years);
  });
});
