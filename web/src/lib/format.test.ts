import { describe, expect, it } from "vitest";
import { bytes, columnDecimals, date, dateTime, dayMonth, full, joined, period, quantity, rounded, seconds, share } from "./format";

const ZONE = "Asia/Almaty";

describe("numbers", () => {
  it("look as the language writes them", () => {
    expect(full("kk", 1234567.8)).toBe("1\u202f234\u202f567,8");
    expect(full("ru", -1234567.8)).toBe("−1\u202f234\u202f567,8");
    expect(full("en", 1234567.8)).toBe("1,234,567.8");
    expect(quantity("kk", 1500, "KZT")).toBe("1\u202f500\u202f₸");
    expect(quantity("ru", 0.256, "ratio")).toBe("25,6\u202f%");
    expect(quantity("en", 0.256, "ratio")).toBe("25.6%");
  });

  it("are rounded to three figures, large ones in words", () => {
    expect(rounded("en", 59.437)).toBe("59.4");
    expect(rounded("en", 121.63)).toBe("122");
    expect(rounded("en", 0.012345)).toBe("0.0123");
    expect(rounded("ru", 12_345)).toBe("12\u202f300");
    expect(rounded("ru", 2_500_000)).toBe("2,50\u202fмлн");
    expect(rounded("kk", 3_000_000_000)).toBe("3\u202fмлрд");
    expect(rounded("en", -0.0001, 1)).toBe("0.0");
  });

  it("never call a part the whole", () => {
    expect(share("en", 0.9999)).toBe("99.9%");
    expect(share("en", 1)).toBe("100%");
  });

  it("line up at the decimal sign", () => {
    expect(columnDecimals([121.63, 90.4, 61.3], "ug/m3")).toBe(1);
    expect(columnDecimals([1, 2, null], null)).toBe(0);
  });

  it("say sizes and spans", () => {
    expect(bytes("ru", 54_602_121_216)).toBe("54,6\u202fГБ");
    expect(seconds("en", 300)).toBe("5\u202fmin");
    expect(joined("kk", "5", "")).toBe("5");
  });
});

describe("dates", () => {
  it("are in the city's clock, whatever the offset of the text", () => {
    expect(dateTime("ru", "2026-11-22T21:30:00.000000Z", ZONE)).toBe("23.11.2026\u00a002:30");
    expect(dateTime("ru", "2026-11-22T21:30:00+05:00", ZONE)).toBe("22.11.2026\u00a021:30");
    expect(dayMonth("kk", "2026-11-22T00:00:00+05:00", ZONE)).toBe("22\u00a0қараша");
    expect(date("en", "2026-11-22T00:00:00+05:00", ZONE)).toBe("22\u00a0Nov\u00a02026");
  });

  it("follow the zone through the change of 1 March 2024", () => {
    expect(dateTime("ru", "2024-02-29T17:30:00Z", ZONE)).toBe("29.02.2024\u00a023:30");
    expect(dateTime("ru", "2024-02-29T18:30:00Z", ZONE)).toBe("29.02.2024\u00a023:30");
    expect(dateTime("ru", "2024-02-29T19:30:00Z", ZONE)).toBe("01.03.2024\u00a000:30");
  });

  it("name periods", () => {
    const span = { period_start: "2026-03-02T00:00:00+05:00", period_end: "2026-03-09T00:00:00+05:00" };
    expect(period("ru", { ...span, grain: "week" }, ZONE)).toBe("02.03.2026 – 08.03.2026");
    expect(period("kk", { ...span, grain: "month" }, ZONE)).toBe("03.2026");
    expect(period("ru", { grain: "hour", period_start: "2026-03-02T07:00:00+05:00", period_end: "2026-03-02T08:00:00+05:00" }, ZONE)).toBe("02.03.2026\u00a007:00–08:00");
  });
});
