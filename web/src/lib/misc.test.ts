import { describe, expect, it } from "vitest";
import { csvOf } from "../ui/csv";
import { circle, distance, labelPoint, parseWkt, pointsOf, type Point } from "./geo";
import { complete, namedTables, pieceAt } from "./sql";
import { address, changed, matchPath } from "./url";

describe("addresses", () => {
  const here = new URL("http://x/indicators/air.x?lang=ru&at=2026-03-02T10:00&grain=hour&wall=1");

  it("keep language, time and wall from page to page, and leave the rest", () => {
    expect(address((name) => here.searchParams.get(name), "/districts/a")).toBe("/districts/a?lang=ru&at=2026-03-02T10:00&wall=1");
    expect(address((name) => here.searchParams.get(name), "/data?tab=tables", { wall: null })).toBe("/data?tab=tables&lang=ru&at=2026-03-02T10:00");
    expect(changed(here, { grain: null, passport: "a/b/day/2026-03-02T00:00:00+05:00" })).toContain("passport=a/b/day/2026-03-02T00:00:00%2B05:00");
  });

  it("find their page", () => {
    const pages = [{ path: "/" }, { path: "/districts" }, { path: "/districts/:id" }];
    expect(matchPath(pages, "/")?.page.path).toBe("/");
    expect(matchPath(pages, "/districts/%D0%90")?.params).toEqual({ id: "А" });
    expect(matchPath(pages, "/districts/%ZZ")).toBeNull();
    expect(matchPath(pages, "/other")).toBeNull();
  });
});

describe("geometry", () => {
  it("is read from well-known text", () => {
    expect(parseWkt("POLYGON((0 0, 2 0, 2 2, 0 2, 0 0))")).toEqual({ type: "Polygon", coordinates: [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]] });
    expect(parseWkt("MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5), (5.1 5.1, 5.2 5.1, 5.2 5.2, 5.1 5.1)))")?.type).toBe("MultiPolygon");
    expect(pointsOf(parseWkt("MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5), (5.1 5.1, 5.2 5.1, 5.2 5.2, 5.1 5.1)))") as NonNullable<ReturnType<typeof parseWkt>>)).toHaveLength(12);
    for (const broken of ["", "POLYGON", "POLYGON((a b))", "CIRCLE(1 2)"]) expect(parseWkt(broken), broken).toBeNull();
  });

  it("measures on the sphere", () => {
    // One degree of a meridian on a sphere of 6371.0088 km is 111.195 km.
    expect(distance([76.9, 43], [76.9, 44])).toBeCloseTo(111195, -1);
    const centre: Point = [76.9, 43.25];
    for (const p of pointsOf(circle(centre, 500))) expect(distance(centre, p)).toBeCloseTo(500, 0);
  });

  it("puts a label inside a bent area", () => {
    const bent = parseWkt("POLYGON((0 0, 10 0, 10 10, 8 10, 8 2, 0 2, 0 0))") as NonNullable<ReturnType<typeof parseWkt>>;
    const [x, y] = labelPoint(bent) as Point;
    expect(x).toBeGreaterThan(8);
    expect(y).toBe(5);
  });
});

describe("completion", () => {
  const tables = [{ name: "air_readings", columns: [{ name: "station_id" }, { name: "value" }] }, { name: "air_stations", columns: [{ name: "station_id" }, { name: "lon" }] }];
  const names = (sql: string): string[] => complete(sql, sql.length, tables).map((s) => s.text);

  it("offers tables after FROM and columns of the named tables", () => {
    expect(names("SELECT * FROM ")).toEqual(["air_readings", "air_stations"]);
    expect(names("SELECT * FROM air_readings WHERE va")).toContain("value");
    expect(names("SELECT * FROM air_readings AS r WHERE r.")).toEqual(["station_id", "value"]);
    expect(names("SELECT * FROM air_readings WHERE lo")).not.toContain("lon");
  });

  it("does not look into texts and comments", () => {
    expect([...namedTables("SELECT 'from air_stations' -- join air_stations\nFROM air_readings", tables).keys()]).toEqual(["air_readings"]);
    expect(pieceAt("SELECT r.va", 11)).toEqual({ start: 9, piece: "va", owner: "r" });
  });
});

it("writes CSV as RFC 4180 says", () => {
  expect(csvOf(["a", "b"], [[1, 'x "y", z'], [null, "line\nbreak"]])).toBe('a,b\r\n1,"x ""y"", z"\r\n,"line\nbreak"\r\n');
});
