import { expect, test } from "vitest";
import { choices, openUnder } from "./quarantine";

const groups = [
  { feed: "a", dataset: "air", code: "bad_number", rows: 5 },
  { feed: "a", dataset: "air", code: "bad_time", rows: 2 },
  { feed: "b", dataset: "", code: "bad_number", rows: 7 },
];
const none = { feed: "", dataset: "", code: "" };

test("each choice counts what the others leave", () => {
  expect(choices(groups, none, "feed")).toEqual([{ name: "a", rows: 7 }, { name: "b", rows: 7 }]);
  expect(choices(groups, { ...none, feed: "a" }, "code")).toEqual([{ name: "bad_number", rows: 5 }, { name: "bad_time", rows: 2 }]);
  // Its own choice does not narrow it.
  expect(choices(groups, { ...none, feed: "a" }, "feed")).toHaveLength(2);
  // What is not known has no name to choose.
  expect(choices(groups, none, "dataset")).toEqual([{ name: "air", rows: 7 }]);
});

test("what is chosen stays to be seen when nothing of it is left", () => {
  expect(choices(groups, { ...none, code: "bad_date" }, "code").at(-1)).toEqual({ name: "bad_date", rows: 0 });
  expect(openUnder(groups, { ...none, code: "bad_date" })).toBe(0);
  expect(openUnder(groups, { ...none, feed: "a", code: "bad_time" })).toBe(2);
  expect(openUnder(groups, none)).toBe(14);
});
