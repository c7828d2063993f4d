import { expect, it } from "vitest";
import { mixOf } from "./mix";

it("tells all, a part and nothing apart, and says nothing of nothing", () => {
  expect([[true, true], [true, false], [false], []].map(mixOf)).toEqual(["all", "part", "none", null]);
});
