// What went wrong, in words. Errors of the server carry a status: 0 when it could not be reached.

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

export function sentenceOf(error: unknown): string {
  const status = statusOf(error);
  if (status === 0) return t("error_unreachable");
  const rule = (error as { rule?: { name: string; about: string } | null } | null)?.rule;
  if (rule) return tOr(`refused_${rule.name}`, (error as Error).message, { about: rule.about });
  const message = error instanceof Error ? error.message : "";
  // Below 500 the question was at fault, not the centre: its sentence stands alone.
  if (status !== null && status < 500 && message) return message.charAt(0).toLocaleUpperCase() + message.slice(1).replace(/[.\s]*$/, ".");
  if (status !== null) return message ? t("error_server", { sentence: message.replace(/[.\s]*$/, ".") }) : t("error_plain", { code: status });
  // Not the centre's but this page's own mistake.
  console.error(error);
  return t("error_plain", { code: error instanceof Error ? error.name : "?" });
}
