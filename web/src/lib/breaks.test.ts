import { describe, expect, it } from "vitest";
import { breaksOf, spread } from "./breaks";

describe("breaksOf", () => {
  it("rounds to what can be read", () => {
    expect(breaksOf([12.34, 25.51, 38.9, 71.2], 3.1, 154)).toEqual([10, 30, 40, 70]);
    expect(breaksOf([0.123, 0.2, 0.31, 0.44], 0.1, 0.9)).toEqual([0.12, 0.2, 0.31, 0.44]);
    expect(breaksOf([1234, 5678], 0, 99000)).toEqual([1000, 6000]);
  });

  it("makes no class that would be empty", () => {
    expect(breaksOf([1, 1, 2, 4], 1, 5)).toEqual([2, 4]);
    expect(breaksOf([7, 7], 7, 7)).toEqual([]);
    expect(breaksOf([0, 0, 0, 0], 0, 10)).toEqual([2, 4, 6, 8]);
    expect(breaksOf([-3, 0, 3], -10, 10)).toEqual([-3, 0, 3]);
  });
});

describe("spread", () => {
  it("takes the ends and what lies evenly between", () => {
    expect(spread([1, 2, 3, 4, 5], 3)).toEqual([1, 3, 5]);
    expect(spread([1, 2, 3, 4, 5], 1)).toEqual([5]);
    expect(spread([1, 2, 3], 5)).toEqual([1, 2, 3]);
  });
});
