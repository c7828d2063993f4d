// How the feeds stand, in one sentence.

import type { Feed } from "../../api/types";
import { feedsByTrouble, standingOf } from "../../lib/values";
import { capital, dateTime, t, words } from "../../ui/say.svelte";

export function feedsSentence(feeds: readonly Feed[]): string {
  if (feeds.length === 0) return t("feeds_none");
  const by = (standing: string): Feed[] => feedsByTrouble(feeds).filter((f) => standingOf(f) === standing);
  const [stopped, late, never] = [by("stopped"), by("late"), by("never")];
  const parts: string[] = [];
  const worst = stopped[0];
  if (worst?.last_received) parts.push(t("feeds_stopped", { stopped: stopped.length, n: feeds.length, feed: words(worst.title) || worst.id, time: dateTime(worst.last_received) }));
  else if (never.length < feeds.length) parts.push(t("feeds_fine", { n: feeds.length - never.length }));
  if (late.length > 0) parts.push(t("feeds_late", { n: late.length }));
  if (never.length > 0) parts.push(t("feeds_never", { n: never.length }));
  return `${capital(parts.join("; "))}.`;
}
