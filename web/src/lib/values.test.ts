import { describe, expect, it } from "vitest";
import type { Indicator, Value } from "../api/types";
import { byTrouble, changes, isJudged, isStale, STATES, passportId, rankOf, severity, stateOf, steadied, steadyViewOf, summary, viewOf } from "./values";

const DAY = 86400000;
const at = (day: number): string => new Date(Date.UTC(2026, 2, day)).toISOString();
const text = { kk: "", ru: "", en: "" };
const indicator: Indicator = { id: "air.x", subject: "air", title: text, question: text, decision: text, unit: "ug/m3", better: "lower", grains: ["day"], owner_function: "f", owner: null, targets: { target: 15, limit: 35, hysteresis: 2 } };
const value = (place: string, day: number, n: number | null, more: Partial<Value> = {}): Value => ({
  indicator: "air.x", place, grain: "day", period_start: at(day), period_end: at(day + 1), value: n, unit: "ug/m3", lower: null, upper: null, numerator: null, denominator: null,
  row_count: 1, coverage: null, reason: n === null ? "no_rows" : null, status: n === null ? "unknown" : n > 35 ? "off_target" : n > 15 ? "watch" : "on_target", simulated: true, computed_at: at(day + 1), definition_hash: "", schema_hash: "", inputs: null, value_digest: "", ...more,
});
const noon = (day: number): number => Date.parse(at(day)) + DAY / 2;

describe("steadyViewOf", () => {
  const values = [value("city", 1, 10), value("city", 2, 40), value("city", 3, 50), value("a", 3, 20)];

  it("is the same view until something in it changes by itself", () => {
    const view = steadyViewOf(indicator, "day", values, noon(3));
    expect(steadyViewOf(indicator, "day", values, noon(3) + 1000)).toBe(view);
    const ends = steadyViewOf(indicator, "day", values, Date.parse(at(4)));
    expect(ends.running).toBe(false);
    expect(view.running).toBe(true);
    const old = steadyViewOf(indicator, "day", values, noon(5) + 16 * 60000);
    expect(old.stale).toBe(true);
    expect(steadyViewOf(indicator, "day", values, noon(8))).toBe(old);
  });

  it("is what viewOf says at every moment, also going back", () => {
    const moments = Array.from({ length: 200 }, (_, i) => Date.parse(at(1)) + i * 45 * 60000);
    for (const now of [...moments, ...moments.reverse()]) expect(steadyViewOf(indicator, "day", values, now)).toEqual(viewOf(indicator, "day", values, now));
  });

  it("is another with other values", () => {
    const view = steadyViewOf(indicator, "day", values, noon(3));
    expect(steadyViewOf(indicator, "day", [...values], noon(3))).not.toBe(view);
  });
});

describe("steadied", () => {
  it("keeps what is as before", () => {
    const before = [value("city", 1, 10), value("city", 2, 40)];
    expect(steadied(before, before.map((v) => ({ ...v })))).toBe(before);
    const after = steadied(before, [{ ...(before[0] as Value) }, value("city", 2, 41), value("city", 3, 1)]);
    expect(after[0]).toBe(before[0]);
    expect(after.map((v) => v.value)).toEqual([10, 41, 1]);
    expect(steadied(before, [value("city", 1, 10)])).toHaveLength(1);
  });
});

describe("viewOf", () => {
  const values = [value("city", 1, 10), value("city", 2, 40), value("city", 3, 50), value("a", 3, 20), value("b", 3, 90), value("c", 3, null)];

  it("shows the newest value that has begun, and since when it is so", () => {
    const view = viewOf(indicator, "day", values, noon(4));
    expect(view.shown?.value).toBe(50);
    expect(view.state).toBe("off_target");
    expect(view.since).toEqual({ start: at(2), first: false });
    expect(view.before?.value).toBe(40);
    expect(view.districts.map((v) => v.place)).toEqual(["b", "a", "c"]);
  });

  it("goes back in time", () => {
    const view = viewOf(indicator, "day", values, Date.parse(at(2)));
    expect(view.shown?.value).toBe(10);
    expect(view.line).toHaveLength(1);
  });

  it("keeps the last good value when there is none now", () => {
    const view = viewOf(indicator, "day", [...values, value("city", 4, null)], noon(5));
    expect(view.state).toBe("unknown");
    expect(view.good?.value).toBe(50);
  });

  it("ranks the best first", () => {
    const view = viewOf(indicator, "day", values, noon(4));
    expect(rankOf(view, "a")).toEqual({ rank: 1, of: 2 });
    expect(rankOf(view, "b")).toEqual({ rank: 2, of: 2 });
    expect(rankOf(view, "c")).toBeNull();
  });
});

describe("states", () => {
  it("tell absent, suppressed and aimless apart", () => {
    expect(stateOf(indicator, null)).toBe("unknown");
    expect(stateOf(indicator, value("city", 1, null, { reason: "suppressed" }))).toBe("suppressed");
    expect(stateOf({ targets: null }, value("city", 1, 3))).toBe("no_target");
  });

  it("know what is out of date", () => {
    expect(isStale(value("city", 1, 1), noon(3))).toBe(false);
    expect(isStale(value("city", 1, 1), noon(4))).toBe(true);
  });

  it("measure how far beyond the limit", () => {
    expect(severity(indicator, value("city", 1, 70))).toBe(2);
    expect(severity({ ...indicator, better: "higher" }, value("city", 1, 70))).toBe(0.5);
    expect(severity({ ...indicator, better: "higher" }, value("city", 1, 0))).toBe(Infinity);
  });

  it("are summed up with the worst place", () => {
    const view = viewOf(indicator, "day", [value("city", 3, 20), value("a", 3, 105), value("b", 3, 40)], noon(4));
    const said = summary([view], noon(4));
    expect(said.states.watch).toBe(1);
    expect(said.districts).toBe(2);
    expect(said.worst?.value.place).toBe("a");
    expect(said.worst?.severity).toBe(3);
  });

  it("give the time of the worst value, not of the newest", () => {
    const old = viewOf(indicator, "day", [value("city", 1, 105)], noon(4));
    const fresh = viewOf({ ...indicator, id: "air.y" }, "day", [value("city", 3, 1)], noon(4));
    expect(summary([old, fresh], noon(4))).toMatchObject({ worstAt: at(2), asOf: at(4) });
    const running = viewOf(indicator, "day", [value("city", 4, 105)], noon(4));
    expect(summary([running], noon(4)).worstAt).toBe(new Date(noon(4)).toISOString());
    expect(summary([fresh], noon(4)).worstAt).toBeNull();
  });

  it("are judged only where there is a value with a target", () => {
    expect(STATES.filter(isJudged)).toEqual(["off_target", "watch", "on_target"]);
  });
});

describe("trouble", () => {
  const of = (subject: string, n: number, district = 0): ReturnType<typeof viewOf> => viewOf({ ...indicator, id: `${subject}.x`, subject }, "day", [value("city", 3, n), value("a", 3, district)], noon(4));
  const [housekeeping, smoke, watched, calm, none] = [of("organisation", 900), of("air", 36), of("safety", 20, 40), of("traffic", 5, 36), of("appeals", 5)];

  it("of air and safety comes before housekeeping, however far that is beyond its limit", () => {
    expect(byTrouble([none, calm, housekeeping, watched, smoke]).map((v) => v.indicator.subject)).toEqual(["safety", "air", "organisation", "traffic", "appeals"]);
    expect(summary([housekeeping, smoke], noon(4)).worst?.view).toBe(smoke);
    expect(summary([housekeeping, of("air", 5, 36)], noon(4)).worst).toMatchObject({ value: { place: "a" } });
  });

  it("without a limit above zero does not upset the order", () => {
    const aimed = { ...indicator, id: "organisation.y", subject: "organisation", targets: { target: 0, limit: 0, hysteresis: 0 } };
    const endless = viewOf(aimed, "day", [value("city", 3, 40)], noon(4));
    expect(byTrouble([endless, of("organisation", 900), endless]).map((v) => v.indicator.id)).toEqual(["organisation.y", "organisation.y", "organisation.x"]);
  });
});

describe("changes", () => {
  it("are told when they are large, and whether they are worse", () => {
    const view = viewOf(indicator, "day", [value("city", 2, 20), value("city", 3, 30)], noon(4));
    expect(changes([view])).toMatchObject([{ from: 20, to: 30, share: 0.5, worse: true }]);
    const calm = viewOf(indicator, "day", [value("city", 2, 20), value("city", 3, 21)], noon(4));
    expect(changes([calm])).toEqual([]);
  });

  it("do not compare a running period with a whole one", () => {
    const view = viewOf(indicator, "day", [value("city", 2, 20), value("city", 3, 3)], noon(3));
    expect(view.running).toBe(true);
    expect(changes([view])).toEqual([]);
  });
});

it("names a value", () => {
  expect(passportId(value("city", 1, 1))).toBe(`air.x/city/day/${at(1)}`);
});
