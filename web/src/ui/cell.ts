// Cells of tables as a person reads them: days, instants, yes and no, numbers in the manner of the language.

import type { Cell } from "../api/types";
import { dress } from "../lib/format";
import { date, dateTime, full, locale, t } from "./say.svelte";

const DAY = /^\d{4}-\d\d-\d\d$/;
const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

/** A number for reading: what tells the value, without the dust of binary fractions. Years and house numbers are not grouped. */
export const numberText = (n: number): string =>
  Number.isInteger(n) && Math.abs(n) < 10000 ? String(n) : full(Number(n.toPrecision(15)));

/** A cell whose column has no known type; a day and an instant are known by how they are written. */
export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "—";
  if (typeof cell === "boolean") return t(cell ? "yes" : "no");
  if (typeof cell === "number") return numberText(cell);
  return DAY.test(cell) ? date(cell) : INSTANT.test(cell) ? dateTime(cell.replace(" ", "T")) : cell;
}

/** A cell that came as text, by the type of its column. */
export function writtenText(type: string, cell: string): string {
  if (cell === "") return "—";
  if (type === "bool") return cell === "true" ? t("yes") : cell === "false" ? t("no") : cell;
  if (type === "date" || type === "time" || type === "instant") return cellText(cell);
  if (type === "int") return /^-?\d+$/.test(cell) && Math.abs(Number(cell)) < 10000 ? cell : dress(locale.lang, cell);
  if (type === "float") return Number.isFinite(Number(cell)) ? numberText(Number(cell)) : cell;
  return type === "decimal" ? dress(locale.lang, cell) : cell;
}
