// The tables a value was read from.

import type { Value } from "../../api/types";

export interface Input { table: string; partition: number; seq: number }

export function inputsOf(value: Value): Input[] {
  try {
    const list: unknown = JSON.parse(value.inputs ?? "[]");
    return Array.isArray(list) ? (list as Input[]) : [];
  } catch {
    return [];
  }
}
