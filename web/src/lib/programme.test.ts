import { describe, expect, it } from "vitest";
import type { ProgrammeTarget, Value } from "../api/types";
import { aimsOf, standOf, verdictOf, wantedOf, yearsOf } from "./programme";

const target = (indicator: string, year: number, value: number, more: Partial<ProgrammeTarget> = {}): ProgrammeTarget => ({ indicator, year, basis: "value", target: value, base_year: null, judged_by: null, assumed: false, source: null, ...more });
const value = (year: number, n: number | null, more: Partial<Value> = {}): Value =>
  ({ indicator: "a.b", place: "city", grain: "year", period_start: `${year}-01-01T00:00:00+05:00`, period_end: `${year + 1}-01-01T00:00:00+05:00`, value: n, reason: null, status: null, ...more }) as Value;
const now = Date.parse("2026-02-01T00:00:00+05:00");
const lower = { better: "lower" as const };

describe("aims of a programme", () => {
  it("are the targets of one indicator by year", () => {
    const aims = aimsOf({ targets: [target("a.b", 2050, 0, { judged_by: "a.path" }), target("c.d", 2025, 5), target("a.b", 2030, 1)] });
    expect(aims.map((a) => [a.indicator, a.judge, a.targets.map((t) => t.year)])).toEqual([["a.b", "a.path", [2030, 2050]], ["c.d", null, [2025]]]);
    const catalog = [{ id: "a.b", grains: ["month", "year"] }, { id: "a.path", grains: ["year", "month"] }, { id: "c.d", grains: ["day"] }];
    expect(wantedOf(aims[0]!, catalog)).toEqual([{ id: "a.b", grain: "year" }, { id: "a.path", grain: "month" }]);
    expect(wantedOf(aims[1]!, catalog)).toEqual([]);
  });
});

describe("the path", () => {
  const aim = aimsOf({ targets: [target("a.b", 2025, 10), target("a.b", 2028, 4)] })[0]!;
  it("is held against the target of the year", () => {
    expect(standOf(aim, lower, undefined, [value(2025, 10)], now).path).toBe("on");
    expect(standOf(aim, lower, undefined, [value(2025, 11)], now).path).toBe("off");
    expect(standOf(aim, { better: "higher" }, undefined, [value(2025, 11)], now).path).toBe("on");
  });
  it("is early before a target is due, and late after the last", () => {
    expect(standOf(aim, lower, undefined, [value(2024, 99)], now).path).toBe("early");
    expect(standOf(aim, lower, undefined, [value(2029, 5)], Date.parse("2031-01-01T00:00:00Z")).path).toBe("off");
  });
  it("counts no running year, no district and no missing value", () => {
    const values = [value(2025, 12), value(2026, 1), value(2025, 1, { place: "medeu" }), value(2025, null, { grain: "month" })];
    expect(standOf(aim, lower, undefined, values, now)).toMatchObject({ path: "off", value: { value: 12 } });
    expect(standOf(aim, lower, undefined, [value(2025, null)], now).path).toBe("unknown");
  });
  it("is what another indicator says where one is named", () => {
    const judged = aimsOf({ targets: [target("a.b", 2030, 0.5, { basis: "share", judged_by: "a.path" })] })[0]!;
    const judge = { better: "lower" as const, targets: { target: 1, limit: 1.1, hysteresis: 0 } };
    expect(standOf(judged, lower, judge, [value(2025, 0.97)], now).path).toBe("on");
    expect(standOf(judged, lower, judge, [value(2025, 1.05)], now).path).toBe("off");
    expect(standOf(judged, lower, undefined, [value(2025, 0.5)], now).path).toBe("unknown");
    const alone = aimsOf({ targets: [target("a.b", 2030, 0.5, { basis: "share" })] })[0]!;
    expect(standOf(alone, lower, undefined, [value(2025, 0.1)], now).path).toBe("unknown");
  });
  it("of a whole programme is the worst of its aims", () => {
    const stand = (path: "on" | "off" | "early" | "unknown") => ({ path, value: null, target: null });
    expect(verdictOf([stand("on"), stand("early"), stand("off")])).toBe("off");
    expect(verdictOf([stand("on"), stand("early")])).toBe("early");
    expect(verdictOf([stand("on"), stand("unknown")])).toBe("unknown");
    expect(verdictOf([stand("on")])).toBe("on");
    expect(verdictOf([])).toBe("unknown");
  });
  it("has years with a target or a value", () => {
    const years = yearsOf(aim, [value(2024, 12), value(2025, 11), value(2025, 3, { place: "medeu" }), value(2025, 1, { grain: "month" })]);
    expect(years.map((y) => [y.year, y.target?.target ?? null, y.value?.value ?? null])).toEqual([[2024, null, 12], [2025, 10, 11], [2028, 4, null]]);
  });
});
