// A mapping as it is edited: which column of a file fills which column of a table. Only what the page changes is touched; what
// else the mapping says goes back as it came.

import type { Lang } from "./i18n";

export interface Titles { kk: string; ru: string; en: string }
export interface SpecColumn { name: string; type: string; unit?: string | null; title: Titles; required?: boolean; role?: string | null; sensitivity?: string; [more: string]: unknown }
export interface Spec {
  name: string; title: Titles; key: string[]; columns: SpecColumn[]; sensitivity?: string;
  quantities?: Record<string, { title: Titles; unit: string }>;
  [more: string]: unknown;
}
export interface ColumnMap { from?: string; value?: string; unit?: string; time?: string; [more: string]: unknown }
export interface Unpivot { columns: Record<string, string>; units?: Record<string, string>; name_to: string; value_to: string; [more: string]: unknown }
export interface Mapping {
  dataset?: string; decimal: string; thousands?: string | null; encoding?: string | null; missing: string[]; totals?: string[] | null;
  columns: Record<string, ColumnMap>; unpivot?: Unpivot | null;
  [more: string]: unknown;
}
export interface Draft { mapping: Mapping; spec: Spec }

/** A target that is a quantity of a long table. */
const QUANTITY = "quantity:";
/** What stands for "no column": a column of the same name would be taken otherwise. */
const NOTHING: ColumnMap = { value: "" };

export const copy = (draft: Draft): Draft => JSON.parse(JSON.stringify(draft)) as Draft;
const columnOf = (spec: Spec, name: string): SpecColumn | undefined => spec.columns.find((c) => c.name === name);
const isSame = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** What a column of the file fills; empty when nothing. */
export function targetOf({ mapping, spec }: Draft, source: string): string {
  const quantity = mapping.unpivot?.columns[source];
  if (quantity !== undefined) return QUANTITY + quantity;
  const told = Object.entries(mapping.columns).find(([, map]) => map.from === source);
  if (told) return told[0];
  return spec.columns.find((c) => isSame(c.name, source) && mapping.columns[c.name] === undefined)?.name ?? "";
}

/** Lets a column of the file fill another column, a quantity, or nothing. Whoever filled that one before fills nothing. */
export function assign(draft: Draft, source: string, target: string): Draft {
  const next = copy(draft);
  const { mapping, spec } = next;
  const before = targetOf(next, source);
  if (before === target) return next;
  const kept: ColumnMap = { ...(mapping.columns[before] ?? {}) };
  if (before.startsWith(QUANTITY)) {
    delete mapping.unpivot?.columns[source];
    delete mapping.unpivot?.units?.[source];
    if (mapping.unpivot && Object.keys(mapping.unpivot.columns).length === 0) delete mapping.unpivot;
  } else if (before !== "") {
    delete mapping.columns[before];
    if (isSame(before, source)) mapping.columns[before] = { ...NOTHING };
  }
  if (target.startsWith(QUANTITY)) {
    const quantity = target.slice(QUANTITY.length);
    const [name_to, value_to] = ["quantity", "value"].map((role) => spec.columns.find((c) => c.role === role)?.name ?? "") as [string, string];
    mapping.unpivot ??= { columns: {}, units: {}, name_to, value_to };
    for (const [other, taken] of Object.entries(mapping.unpivot.columns)) if (taken === quantity) {
      delete mapping.unpivot.columns[other];
      delete mapping.unpivot.units?.[other];
    }
    mapping.unpivot.columns[source] = quantity;
  } else if (target !== "") {
    const column = columnOf(spec, target);
    const time = column && ["time", "date"].includes(column.type) && kept.time ? { time: kept.time } : {};
    mapping.columns[target] = { from: source, ...time };
  }
  return next;
}

/** The unit in which a column of the file is written; empty: that of the table. */
export function unitOf(draft: Draft, source: string): string {
  const target = targetOf(draft, source);
  return (target.startsWith(QUANTITY) ? draft.mapping.unpivot?.units?.[source] : draft.mapping.columns[target]?.unit) ?? "";
}

/** The table's own unit of what a column of the file fills. */
export function ownUnit({ spec }: Draft, target: string): string {
  return (target.startsWith(QUANTITY) ? spec.quantities?.[target.slice(QUANTITY.length)]?.unit : columnOf(spec, target)?.unit) ?? "";
}

export function setUnit(draft: Draft, source: string, unit: string): Draft {
  const next = copy(draft);
  const target = targetOf(next, source);
  const { mapping } = next;
  if (target.startsWith(QUANTITY)) {
    if (!mapping.unpivot) return next;
    mapping.unpivot.units ??= {};
    if (unit) mapping.unpivot.units[source] = unit;
    else delete mapping.unpivot.units[source];
  } else if (target) {
    const map = (mapping.columns[target] ??= { from: source });
    if (unit) map.unit = unit;
    else delete map.unit;
  }
  return next;
}

/** Columns of the table that must be filled and that no column of the file fills. */
export function unfilled(draft: Draft, sources: readonly string[]): SpecColumn[] {
  const { mapping, spec } = draft;
  const filled = new Set(sources.map((source) => targetOf(draft, source)));
  const isMelted = (name: string): boolean => mapping.unpivot?.name_to === name || mapping.unpivot?.value_to === name;
  return spec.columns.filter((c) => c.required && !filled.has(c.name) && !isMelted(c.name) && !mapping.columns[c.name]?.join);
}

/** What a column is filled with that no column of the file fills: the number of the row, words, or nothing yet. */
export function standIn({ mapping }: Draft, column: string): { kind: "row" | "word" | "none"; word: string } {
  const map = mapping.columns[column];
  if (map?.from === "@row") return { kind: "row", word: "" };
  return map?.value !== undefined && map.from === undefined ? { kind: "word", word: map.value } : { kind: "none", word: "" };
}

export function setStandIn(draft: Draft, column: string, stand: { kind: "row" | "word" | "none"; word: string }): Draft {
  const next = copy(draft);
  if (stand.kind === "row") next.mapping.columns[column] = { from: "@row" };
  else if (stand.kind === "word") next.mapping.columns[column] = { value: stand.word };
  else delete next.mapping.columns[column];
  return next;
}

/** Changes a column of a new table; another name moves everything that names it. */
export function changeColumn(draft: Draft, name: string, change: Partial<SpecColumn>): Draft {
  const next = copy(draft);
  const { mapping, spec } = next;
  const column = columnOf(spec, name);
  if (!column) return next;
  Object.assign(column, change);
  if (column.sensitivity === "personal") column.type = "text";
  if (!["int", "float"].includes(column.type)) delete column.unit;
  const map = mapping.columns[name];
  if (map && !["time", "date"].includes(column.type)) delete map.time;
  if (column.name !== name) {
    spec.key = spec.key.map((k) => (k === name ? column.name : k));
    if (map) {
      delete mapping.columns[name];
      mapping.columns[column.name] = map;
    }
  }
  return next;
}

const ROW: SpecColumn = { name: "row_id", type: "text", title: { kk: "Жол нөмірі", ru: "Номер строки", en: "Row number" }, required: true, sensitivity: "public" };

/** Makes a column of a new table part of its key, or not. Without any key the number of the row is it. */
export function setKey(draft: Draft, name: string, isKey: boolean): Draft {
  const next = copy(draft);
  const { mapping, spec } = next;
  const key = spec.key.filter((k) => k !== name && k !== ROW.name);
  if (isKey) key.push(name);
  spec.columns = spec.columns.filter((c) => c.name !== ROW.name);
  delete mapping.columns[ROW.name];
  if (key.length === 0) {
    key.push(ROW.name);
    spec.columns.unshift({ ...ROW });
    mapping.columns[ROW.name] = { from: "@row" };
  }
  spec.key = key;
  for (const column of spec.columns) column.required = key.includes(column.name);
  return next;
}

/** Leaves a column of the file out of a new table, or takes it in again as it was offered. */
export function include(draft: Draft, offered: Draft, source: string, isIn: boolean): Draft {
  const offer = targetOf(offered, source);
  const now = targetOf(draft, source);
  if ((now !== "") === isIn) return draft;
  if (!isIn) {
    const next = setKey(draft, now, false);
    next.spec.columns = next.spec.columns.filter((c) => c.name !== now);
    delete next.mapping.columns[now];
    return next;
  }
  const column = columnOf(offered.spec, offer);
  const map = offered.mapping.columns[offer];
  if (!column) return draft;
  const next = copy(draft);
  let name = column.name;
  for (let n = 2; columnOf(next.spec, name); n += 1) name = `${column.name}_${n}`;
  next.spec.columns.push({ ...column, name, required: false });
  next.mapping.columns[name] = { ...(map ?? {}), from: source };
  return next;
}

/** Lets the columns of the file that fill latitude and longitude change places; null where no two columns of it do. */
export function swapCoordinates(draft: Draft, sources: readonly string[]): Draft | null {
  const next = copy(draft);
  const pair = ["lat", "lon"].map((role) => {
    const column = next.spec.columns.find((c) => c.role === role);
    const source = column && sources.find((name) => targetOf(next, name) === column.name);
    return column && source ? { name: column.name, source } : null;
  });
  const [lat, lon] = pair;
  if (!lat || !lon) return null;
  const { columns } = next.mapping;
  [columns[lat.name], columns[lon.name]] = [{ ...columns[lon.name], from: lon.source }, { ...columns[lat.name], from: lat.source }];
  return next;
}

/** A name as SQL takes it; empty when it is none. */
export const sqlName = (text: string): string => (/^[a-z][a-z0-9_]{0,59}$/.test(text) ? text : "");

/** Calls a new table otherwise. */
export function rename(draft: Draft, name: string): Draft {
  const next = copy(draft);
  next.spec.name = name;
  next.mapping.dataset = name;
  return next;
}

/** A title with other words in one language; no words leave it as it was. */
export const titled = (title: Titles, lang: Lang, words: string): Titles => (words.trim() === "" ? title : { ...title, [lang]: words.trim() });

/** Words with commas between as a list. */
export const listOf = (text: string): string[] => text.split(",").map((word) => word.trim()).filter((word) => word !== "");
