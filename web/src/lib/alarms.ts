// What the queue of alarms means: order, who may act, when it is heard.

export const SEVERITIES = ["critical", "major", "minor", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];
export const severityOf = (word: string): Severity => (SEVERITIES as readonly string[]).includes(word) ? (word as Severity) : "minor";

/** Two tones: one for what is to be acted on within the hour, one for the rest. What is only to be known is not heard. */
export type Tone = "high" | "low";
export const toneOf = (severity: Severity): Tone | null => (severity === "info" ? null : severity === "minor" ? "low" : "high");

/** It is heard once, and again after so long until somebody acknowledges. */
export const AGAIN_MS = 120_000;

interface Waiting { id: string; severity: string; state: string; cleared_at: string | null }

/** Which tone is due now, and what was heard when: alarms that are new, and those heard two minutes ago and more. */
export function dueTone(alarms: readonly Waiting[], heard: ReadonlyMap<string, number>, now: number): { tone: Tone | null; heard: Map<string, number> } {
  const next = new Map<string, number>();
  let tone: Tone | null = null;
  for (const alarm of alarms) {
    const own = toneOf(severityOf(alarm.severity));
    if (alarm.state !== "open" || alarm.cleared_at !== null || own === null) continue;
    const last = heard.get(alarm.id);
    const due = last === undefined || now - last >= AGAIN_MS;
    next.set(alarm.id, due ? now : last);
    // One tone for all that are due, the worse one.
    if (due && tone !== "high") tone = own;
  }
  return { tone, heard: next };
}

/** The role in which somebody works: with a one-time password it is nobody's yet. */
export const workingRole = (user: { role: string; must_change: boolean } | null | undefined): string | undefined => (user && !user.must_change ? user.role : undefined);

const ACTING = ["operator", "analyst", "administrator"];
export const mayAct = (role: string | undefined): boolean => ACTING.includes(role ?? "");

/** The alarm that one key acknowledges: the one that is looked at, else the first that waits. */
export const nextToAcknowledge = <A extends { id: string; state: string }>(alarms: readonly A[], lookedAt: string | null): A | null =>
  alarms.find((a) => a.id === lookedAt && a.state === "open") ?? alarms.find((a) => a.state === "open") ?? null;

/** True when a key is meant for what is written, not for the page. */
export const isTyping = (tag: string | undefined, editable: boolean): boolean => editable || ["INPUT", "TEXTAREA", "SELECT"].includes(tag ?? "");
