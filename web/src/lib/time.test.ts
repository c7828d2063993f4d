import { describe, expect, it } from "vitest";
import { localText, parseLocal, wallClock } from "./time";

const ZONE = "Asia/Almaty";

describe("local texts", () => {
  it("go there and back", () => {
    for (const iso of ["2026-11-28T04:00:00Z", "2024-02-28T12:00:00Z", "2024-03-02T12:00:00Z", "2020-07-01T00:00:00Z"]) {
      const ms = Date.parse(iso);
      expect(parseLocal(localText(ms, ZONE), ZONE), iso).toBe(ms);
    }
  });

  it("take the first of an hour that came twice", () => {
    expect(parseLocal("2024-02-29T23:30", ZONE)).toBe(Date.parse("2024-02-29T17:30:00Z"));
  });

  it("refuse what is no time", () => {
    for (const text of ["", "yesterday", "2026-13", "12:00"]) expect(parseLocal(text, ZONE)).toBeNull();
  });

  it("become the clock of an axis", () => {
    expect(wallClock("2026-03-02T19:00:00Z", ZONE)).toBe(Date.UTC(2026, 2, 3, 0, 0));
  });
});
