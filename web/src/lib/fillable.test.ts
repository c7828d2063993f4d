import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Catalog } from "../api/types";
import { isFillable, twice } from "./fillable";

const folder = new URL("../../../datasets/", import.meta.url);
const specs = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".toml")).map((path) => {
  const text = readFileSync(new URL(path, folder), "utf8");
  const of = (name: string): string => new RegExp(`^${name} = "?([^"\\n]*)"?`, "m").exec(text)?.[1] ?? "";
  return { name: of("name"), subject: of("subject"), kind: of("kind") as "event", isInternal: of("internal") === "true" };
});
const outputs = ["crime_clusters", "crime_cluster_groups", "traffic_against_usual", "transit_load_profiles"];
const runs = outputs.map((name) => ({ outputs: [{ name: "x", dataset: { name } }] })) as unknown as Catalog["model_runs"];

describe("isFillable", () => {
  it("is false for what the specifications call internal, and for nothing else", () => {
    expect(specs.length).toBeGreaterThan(100);
    expect(specs.filter((s) => isFillable(s, runs) === s.isInternal).map((s) => s.name)).toEqual([]);
  });

  it("is false for the store's own records and true for an office's own tables", () => {
    expect(isFillable({ name: "lake_messages", subject: "lake", kind: "event" }, [])).toBe(false);
    expect(isFillable({ name: "own_parks", subject: "own", kind: "snapshot" }, [])).toBe(true);
  });
});

describe("twice", () => {
  it("finds names that come again", () => expect([...twice(["a", "b", "a"])]).toEqual(["a"]));
});
