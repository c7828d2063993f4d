import { describe, expect, it } from "vitest";
import { clustersOf } from "./clusters";
import type { Geometry } from "./geo";
import { planeOf } from "./plane";
import { fullest, stretchesOf } from "./profile";
import { shapeOf, SLOWNESS, slownessOf } from "./speeds";

describe("clusters of cells", () => {
  const cell = (id: string, lon: number, place = "a") => ({ id, place, at: [lon, 43.2] as [number, number] });
  it("joins neighbours, also by way of others, and puts the largest first", () => {
    // A thousandth of a degree of longitude is some 81 m there.
    const found = clustersOf([cell("far", 77.1, "b"), cell("1", 77.0), cell("3", 77.008), cell("2", 77.004, "b"), cell("4", 77.0125)], 450);
    expect(found.map((c) => c.cells.map((x) => x.id).sort())).toEqual([["1", "2", "3", "4"], ["far"]]);
    expect(found.map((c) => c.place)).toEqual(["a", "b"]);
    expect(found[0]?.at[0]).toBeCloseTo(77.006125, 9);
  });
  it("does not depend on the order of the cells", () => {
    const cells = Array.from({ length: 40 }, (_, i) => cell(String(i), 77 + i * 0.003 + (i >= 20 ? 0.1 : 0)));
    const sizes = (list: typeof cells) => clustersOf(list, 300).map((c) => c.cells.length);
    expect(sizes(cells)).toEqual([20, 20]);
    expect(sizes([...cells].reverse())).toEqual([20, 20]);
    expect(clustersOf([], 300)).toEqual([]);
  });
});

describe("a sheet of the city", () => {
  it("keeps the shape of a square on the ground", () => {
    const lat = 60;
    const square: Geometry = { type: "Polygon", coordinates: [[[10, lat], [10.02, lat], [10.02, lat + 0.01], [10, lat + 0.01], [10, lat]]] };
    const plane = planeOf([square], 116, 8);
    expect(plane?.height).toBeCloseTo(116, 0);
    expect(plane?.xy([10, lat + 0.01])).toEqual([8, 8]);
    expect(plane?.path(square).startsWith("M8.0 ")).toBe(true);
    expect(planeOf([], 100)).toBeNull();
  });
});

describe("the load of a route", () => {
  const stop = (seq: number, load: number, trips = 10, capacity = 50) => ({ seq, stop: `s${seq}`, boardings: 0, alightings: 0, load, trips, capacity });
  it("is that of one vehicle after each stop but the last", () => {
    const list = stretchesOf([stop(2, 410), stop(1, 300), stop(3, 400), stop(4, 0)]);
    expect(list.map((s) => s.aboard)).toEqual([30, 41, 40]);
    expect(list.map((s) => s.isCrowded)).toEqual([false, true, false]);
    expect(fullest(list)).toMatchObject({ from: 1, to: 2, share: 0.82 });
  });
  it("says nothing of what is crowded where the room is not known", () => {
    expect(stretchesOf([stop(1, 300, 10, 0), stop(2, 0)])[0]).toMatchObject({ share: null, isCrowded: false });
    expect(stretchesOf([stop(1, 300, 0), stop(2, 0)])).toEqual([]);
    expect(fullest([])).toBeNull();
  });
});

describe("slow against usual", () => {
  it("has a word and a shape of its own for each class", () => {
    expect([0.3, 0.6, 0.84, 0.85, 1, 1.15, 2].map(slownessOf)).toEqual(["much", "slower", "slower", "usual", "usual", "faster", "faster"]);
    expect(new Set(SLOWNESS.map((kind) => shapeOf(kind, [50, 50]))).size).toBe(4);
  });
});
