// What the records of the situation room mean on the screen.

import { type Lang, LANGS } from "./i18n";

/** The words of a drill stand in three languages in one line; this is the part of one language. What people wrote stays as it is. */
export function ofDrill(lang: Lang, text: string): string {
  const parts = text.split(" / ");
  return parts.length === LANGS.length ? (parts[LANGS.indexOf(lang)] as string) : text;
}

/** True for the id of an alarm of this centre, which has a page; others come from elsewhere or mark a drill. */
export const isAlarm = (id: string): boolean => /^A-\d+$/.test(id);

const SEVERITIES: Record<string, string> = { critical: "extreme", major: "severe", minor: "moderate", info: "minor" };
/** How bad an incident is that an alarm tells of, until somebody knows better. */
export const severityOfAlarm = (severity: string): string => SEVERITIES[severity] ?? "moderate";

interface Step { required: boolean; state: string }
/** Required steps that are neither done nor skipped: with them an incident is not closed. */
export const unsettled = <S extends Step>(steps: readonly S[]): S[] => steps.filter((s) => s.required && s.state === "open");

/** The longitude and latitude that a text means; null when it means none. */
export function pointOf(text: string): { lon: number; lat: number } | null {
  const [lon, lat, ...more] = text.trim().split(/[\s,;]+/).filter(Boolean).map(Number);
  return lon !== undefined && lat !== undefined && more.length === 0 && Number.isFinite(lon) && Number.isFinite(lat) ? { lon, lat } : null;
}
