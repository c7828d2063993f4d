import { describe, expect, it } from "vitest";
import { isAlarm, ofDrill, severityOfAlarm, unsettled } from "./room";

describe("ofDrill", () => {
  it("takes the part of the language", () => {
    const title = "Жаттығу: сел / Учение: сель / Drill: mudflow";
    expect(["kk", "ru", "en"].map((lang) => ofDrill(lang as "kk", title))).toEqual(["Жаттығу: сел", "Учение: сель", "Drill: mudflow"]);
  });

  it("leaves what is not three parts", () => {
    expect(ofDrill("ru", "Связь проверена")).toBe("Связь проверена");
    expect(ofDrill("ru", "да / нет")).toBe("да / нет");
    expect(ofDrill("en", "a / b / c / d")).toBe("a / b / c / d");
  });
});

describe("alarms of incidents", () => {
  it("are known by their id", () => {
    expect(["A-1", "A-204", "drill:smog:7", "a-1", "A-", "112-55"].filter(isAlarm)).toEqual(["A-1", "A-204"]);
  });

  it("say how bad it is", () => {
    expect(["critical", "major", "minor", "info", "?"].map(severityOfAlarm)).toEqual(["extreme", "severe", "moderate", "minor", "moderate"]);
  });
});

it("only open required steps hold an incident", () => {
  const step = (id: string, required: boolean, state: string) => ({ id, required, state });
  const steps = [step("a", true, "open"), step("b", false, "open"), step("c", true, "done"), step("d", true, "skipped")];
  expect(unsettled(steps).map((s) => s.id)).toEqual(["a"]);
});
