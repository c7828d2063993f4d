// What went wrong, in words. Errors of the server carry a status: 0 when it could not be reached.

import { isMessage, type MessageKey } from "../lib/messages";
import { t, tOr } from "./say.svelte";

export type Trouble = "rights" | "absent" | "failed";

export const statusOf = (error: unknown): number | null => {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === "number" ? status : null;
};

export function troubleOf(error: unknown): Trouble {
  const status = statusOf(error);
  if (status === 401 || status === 403) return "rights";
  return status === 404 || status === 405 || status === 501 ? "absent" : "failed";
}

/** With a capital and a full stop; a name of a file at its beginning stays as it is. */
const sentence = (text: string): string =>
  (/^\S*[._/`]/.test(text) ? text : text.charAt(0).toLocaleUpperCase() + text.slice(1)).replace(/[.\s]*$/, ".");

export function sentenceOf(error: unknown): string {
  const status = statusOf(error);
  if (status === 0) return t("error_unreachable");
  const rule = (error as { rule?: { name: string; about: string } | null } | null)?.rule;
  const message = error instanceof Error ? error.message : "";
  if (rule && isMessage(`problem_${rule.name}`)) return `${rule.about}: ${t(`problem_${rule.name}` as MessageKey)}.`;
  if (rule) return tOr(`refused_${rule.name}`, message, { about: rule.about });
  // Below 500 the question was at fault, not the centre: its sentence stands alone.
  if (status !== null && status < 500 && message) return sentence(message);
  if (status !== null) return message ? t("error_server", { sentence: message.replace(/[.\s]*$/, ".") }) : t("error_plain", { code: status });
  // Not the centre's but this page's own mistake.
  console.error(error);
  return t("error_plain", { code: error instanceof Error ? error.name : "?" });
}
