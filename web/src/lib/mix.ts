// Whether what is shown is simulated: all of it, a part, or nothing.

export type Mix = "all" | "part" | "none";

/** Null when nothing is shown of which it could be said. */
export function mixOf(flags: readonly boolean[]): Mix | null {
  if (flags.length === 0) return null;
  if (!flags.includes(true)) return "none";
  return flags.includes(false) ? "part" : "all";
}
