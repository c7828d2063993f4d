import { expect, test } from "vitest";
import { assign, changeColumn, type Draft, include, listOf, ownUnit, setKey, setStandIn, setUnit, standIn, swapCoordinates, targetOf, titled, unfilled, unitOf } from "./draft";

const title = { kk: "a", ru: "a", en: "a" };
const readings = (): Draft => ({
  spec: {
    name: "air_readings", title, key: ["station_id", "t", "quantity"],
    columns: [
      { name: "station_id", type: "text", title, required: true },
      { name: "t", type: "time", title, required: true, role: "time" },
      { name: "quantity", type: "text", title, required: true, role: "quantity" },
      { name: "value", type: "float", title, required: true, role: "value" },
      { name: "note", type: "text", title },
    ],
    quantities: { pm25: { title, unit: "ug/m3" }, pm10: { title, unit: "ug/m3" } },
  },
  mapping: {
    dataset: "air_readings", decimal: ",", missing: [], crs: "EPSG:4326",
    columns: { station_id: { from: "Пост" }, t: { from: "Время", time: "dmy" } },
    unpivot: { columns: { "PM2.5": "pm25" }, units: { "PM2.5": "mg/m3" }, name_to: "quantity", value_to: "value" },
  },
});
const FILE = ["Пост", "Время", "PM2.5", "PM10", "note"];

test("what fills what is read off the mapping, said or not", () => {
  expect(FILE.map((source) => targetOf(readings(), source))).toEqual(["station_id", "t", "quantity:pm25", "", "note"]);
  expect([unitOf(readings(), "PM2.5"), ownUnit(readings(), "quantity:pm25"), unitOf(readings(), "Пост")]).toEqual(["mg/m3", "ug/m3", ""]);
  expect(unfilled(readings(), FILE)).toEqual([]);
});

test("a column is given another target, and what the page does not know stays", () => {
  let draft = assign(readings(), "PM10", "quantity:pm10");
  draft = setUnit(draft, "PM10", "mg/m3");
  expect(draft.mapping.unpivot?.columns).toEqual({ "PM2.5": "pm25", PM10: "pm10" });
  expect(draft.mapping.unpivot?.units).toEqual({ "PM2.5": "mg/m3", PM10: "mg/m3" });
  // One quantity has one source.
  draft = assign(draft, "PM10", "quantity:pm25");
  expect(draft.mapping.unpivot?.columns).toEqual({ PM10: "pm25" });
  draft = assign(draft, "PM10", "");
  expect(draft.mapping.unpivot).toBeUndefined();
  expect(unfilled(draft, FILE).map((c) => c.name)).toEqual(["quantity", "value"]);
  expect(draft.mapping.crs).toBe("EPSG:4326");
  expect(readings().mapping.unpivot?.columns).toEqual({ "PM2.5": "pm25" });
  // The way times are written goes along to a column of times only.
  expect(assign(readings(), "Время", "note").mapping.columns.note).toEqual({ from: "Время" });
});

test("a column of the table's own name can be left out", () => {
  const draft = assign(readings(), "note", "");
  expect(draft.mapping.columns.note).toEqual({ value: "" });
  expect(targetOf(draft, "note")).toBe("");
  expect(targetOf(assign(draft, "note", "note"), "note")).toBe("note");
});

test("what the file lacks is a word or the number of the row", () => {
  let draft = assign(readings(), "Пост", "");
  expect(unfilled(draft, FILE).map((c) => c.name)).toEqual(["station_id"]);
  draft = setStandIn(draft, "station_id", { kind: "word", word: "P1" });
  expect([draft.mapping.columns.station_id, standIn(draft, "station_id")]).toEqual([{ value: "P1" }, { kind: "word", word: "P1" }]);
  draft = setStandIn(draft, "station_id", { kind: "row", word: "" });
  expect(standIn(draft, "station_id").kind).toBe("row");
  expect(standIn(setStandIn(draft, "station_id", { kind: "none", word: "" }), "station_id").kind).toBe("none");
});

const own = (): Draft => ({
  spec: {
    name: "own_parks", subject: "own", title, key: ["row_id"],
    columns: [
      { name: "row_id", type: "text", title: { kk: "Жол нөмірі", ru: "Номер строки", en: "Row number" }, required: true, sensitivity: "public" },
      { name: "kod", type: "int", title, required: false, sensitivity: "public" },
      { name: "ploshchad", type: "float", unit: "ha", title, required: false, sensitivity: "public" },
    ],
  },
  mapping: { dataset: "own_parks", decimal: ".", missing: [], columns: { row_id: { from: "@row" }, kod: { from: "Код" }, ploshchad: { from: "Площадь" } } },
});

test("a new table has a key at all times", () => {
  const keyed = setKey(own(), "kod", true);
  expect([keyed.spec.key, keyed.spec.columns.map((c) => [c.name, c.required])]).toEqual([["kod"], [["kod", true], ["ploshchad", false]]]);
  expect(keyed.mapping.columns.row_id).toBeUndefined();
  expect(setKey(keyed, "kod", false)).toEqual(own());
  // A key that is left out takes the number of the row along.
  expect(include(keyed, own(), "Код", false).spec.key).toEqual(["row_id"]);
});

test("columns of a new table are renamed, retyped, left out and taken back", () => {
  const renamed = changeColumn(setKey(own(), "kod", true), "kod", { name: "code" });
  expect([renamed.spec.key, renamed.mapping.columns.code]).toEqual([["code"], { from: "Код" }]);
  expect(changeColumn(own(), "ploshchad", { type: "text" }).spec.columns[2]?.unit).toBeUndefined();
  expect(changeColumn(own(), "kod", { sensitivity: "personal" }).spec.columns[1]?.type).toBe("text");
  const without = include(own(), own(), "Площадь", false);
  expect(without.spec.columns.map((c) => c.name)).toEqual(["row_id", "kod"]);
  expect(include(without, own(), "Площадь", true)).toEqual(own());
});

test("a title is said in one language at a time", () => {
  expect(titled({ kk: "Парки", ru: "Парки", en: "Парки" }, "en", " Parks ")).toEqual({ kk: "Парки", ru: "Парки", en: "Parks" });
  expect(titled(title, "ru", " ")).toEqual(title);
  expect(listOf(" -, н/д ,,")).toEqual(["-", "н/д"]);
});

test("latitude and longitude change places, said or not; without two columns nothing does", () => {
  const points = (columns: Draft["mapping"]["columns"]): Draft => ({
    spec: { name: "own_trees", title, key: ["id"], columns: [{ name: "id", type: "text", title }, { name: "lat", type: "float", title, role: "lat" }, { name: "lon", type: "float", title, role: "lon" }] },
    mapping: { decimal: ".", missing: [], columns },
  });
  const said = swapCoordinates(points({ lat: { from: "Y", unit: "deg" }, lon: { from: "X" } }), ["id", "X", "Y"]);
  expect(said?.mapping.columns).toEqual({ lat: { from: "X" }, lon: { from: "Y", unit: "deg" } });
  expect(swapCoordinates(points({}), ["id", "Lat", "Lon"])?.mapping.columns).toEqual({ lat: { from: "Lon" }, lon: { from: "Lat" } });
  expect(swapCoordinates(points({}), ["id", "lat"])).toBeNull();
});
