import { expect, test } from "vitest";
import { byTrouble } from "./schedules";

test("what failed stands first, then what is next", () => {
  const one = (name: string, next: string | null, error: string | null = null) => ({ name, next, error });
  const list = [one("never", null), one("late", "2026-03-02T12:00:00+05:00"), one("also never", null), one("soon", "2026-03-02T10:00:00+05:00"), one("bad", null, "no room")];
  expect(byTrouble(list).map((x) => x.name)).toEqual(["bad", "soon", "late", "never", "also never"]);
});
