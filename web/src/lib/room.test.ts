import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { room } from "./messages/room";
import { isAlarm, ofDrill, pointOf, severityOfAlarm, unsettled } from "./room";

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

it("a point is two numbers", () => {
  expect(pointOf(" 76.95, 43.25 ")).toEqual({ lon: 76.95, lat: 43.25 });
  expect(pointOf("76.95 43.25")).toEqual({ lon: 76.95, lat: 43.25 });
  expect(["", "76.95", "76.95, north", "76,95, 43,25"].map(pointOf)).toEqual([null, null, null, null]);
});

it("what the centre refuses has words in three languages", () => {
  const folder = new URL("../../../crates/qala-registry/src/room/", import.meta.url);
  const sources = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8")).join("");
  const rules = [...sources.matchAll(/\brefused\(\s*"([a-z_]+)"/g)].map((found) => `refused_${found[1]}`);
  expect(rules.length).toBeGreaterThan(15);
  expect(rules.filter((rule) => !(rule in room))).toEqual([]);
});
