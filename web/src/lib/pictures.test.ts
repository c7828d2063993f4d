import { describe, expect, it } from "vitest";
import { limitsOf } from "./control";
import { type People, type Rates, step, total } from "./cohorts";
import { earnedSchedule, earnedValue } from "./earned";
import { closingCurve, medianDay } from "./survival";
import { squarified } from "./treemap";

describe("treemap", () => {
  it("gives areas in proportion, inside and without overlap", () => {
    const values = [6, 6, 4, 3, 2, 2, 1, 0, -1];
    const rects = squarified(values, 6, 4);
    rects.forEach((r, i) => {
      if ((values[i] as number) <= 0) return expect(r).toBeNull();
      expect(r && r.width * r.height).toBeCloseTo(values[i] as number, 9);
      expect(r && r.x >= -1e-9 && r.y >= -1e-9 && r.x + r.width <= 6 + 1e-9 && r.y + r.height <= 4 + 1e-9).toBe(true);
    });
    const there = rects.filter((r) => r !== null);
    for (const [i, a] of there.entries()) for (const b of there.slice(i + 1)) {
      const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
      const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      expect(across > 1e-9 && down > 1e-9).toBe(false);
    }
  });
  it("is the worked example of the paper: the first row has two sixes of 3 by 2", () => {
    const [a, b] = squarified([6, 6, 4, 3, 2, 2, 1], 6, 4);
    expect(a).toEqual({ x: 0, y: 0, width: 3, height: 2 });
    expect(b).toEqual({ x: 0, y: 2, width: 3, height: 2 });
  });
});

describe("earned schedule", () => {
  const planned = [10, 30, 60, 100];
  it("counts periods of the plan, with the part of the next one", () => {
    expect(earnedSchedule(planned, 0)).toBe(0);
    expect(earnedSchedule(planned, 5)).toBe(0.5);
    expect(earnedSchedule(planned, 45)).toBe(2.5);
    expect(earnedSchedule(planned, 100)).toBe(4);
  });
  it("gives indices of cost and time", () => {
    expect(earnedValue(planned, { period: 3, earned: 45, spent: 50 })).toEqual({ cpi: 0.9, earnedSchedule: 2.5, spi_t: 2.5 / 3 });
    expect(earnedValue(planned, { period: 0, earned: 0, spent: 0 })).toEqual({ cpi: null, earnedSchedule: 0, spi_t: null });
  });
});

describe("closing curve", () => {
  it("is the estimate of Kaplan and Meier with cases that are still open", () => {
    // 10 cases: 2 closed on day 1, one open on day 2, 3 closed on day 3 and one open, 3 open on day 5.
    const curve = closingCurve([{ day: 3, closed: 3, open: 1 }, { day: 1, closed: 2, open: 0 }, { day: 2, closed: 0, open: 1 }, { day: 5, closed: 0, open: 3 }]);
    expect(curve.map((p) => p.survival.toFixed(6))).toEqual(["0.800000", "0.800000", "0.457143", "0.457143"]);
    expect(medianDay(curve)).toBe(3);
    expect(medianDay(curve.slice(0, 2))).toBeNull();
  });
});

describe("cohorts", () => {
  const none = [0, 0, 0];
  const rates: Rates = { fertility: none, survival: { male: [1, 1, 0], female: [1, 1, 0] }, born: { male: 1, female: 1 }, migration: { male: none, female: none } };
  const now: People = { male: [10, 20, 30], female: [11, 21, 31] };
  it("moves everybody one group on; the open group dies out", () => {
    expect(step(now, rates, 5, 1.05)).toEqual({ male: [0, 10, 20], female: [0, 11, 21] });
  });
  it("keeps the account: the open group adds its survivors, half of the movers live through the step", () => {
    const more: Rates = { fertility: [0, 0.1, 0], survival: { male: [0.9, 0.8, 0.5], female: [0.9, 0.8, 0.5] }, born: { male: 0.99, female: 0.98 }, migration: { male: [2, 4, 6], female: [2, 4, 6] } };
    const next = step(now, more, 5, 1);
    expect(next.male[1]).toBeCloseTo((10 + 1) * 0.9 + 2, 12);
    expect(next.male[2]).toBeCloseTo((20 + 2) * 0.8 + 3 + (30 + 3) * 0.5, 12);
    const births = (5 * 0.1 * (21 + (next.female[1] ?? 0))) / 2;
    expect(next.male[0]).toBeCloseTo((births / 2) * 0.99 + 1, 12);
    expect(next.female[0]).toBeCloseTo((births / 2) * 0.98 + 1, 12);
    expect(total(now)).toBe(123);
  });
});

describe("control limits", () => {
  it("is the mean and 3 mean moving ranges over 1.128", () => {
    const limits = limitsOf([10, 12, 11, null, 13, 12, 10, 11, 13]);
    // Moving ranges 2 1 2 1 2 1 2: mean 11/7.
    expect(limits?.centre).toBe(11.5);
    expect(limits?.upper).toBeCloseTo(11.5 + (3 * (11 / 7)) / 1.128, 12);
    expect(limits?.lower).toBeCloseTo(11.5 - (3 * (11 / 7)) / 1.128, 12);
  });
  it("says nothing of few values or of a constant", () => {
    expect(limitsOf([1, 2, 3])).toBeNull();
    expect(limitsOf(Array.from({ length: 20 }, () => 5))).toBeNull();
  });
});
