// Where an alarm is, and what it is about: two of one kind in one district are told apart by it.

import type { Alarm } from "../../api/types";
import { t, words } from "../../ui/say.svelte";

export function whereIs(alarm: Alarm): string {
  const place = words(alarm.place) || alarm.place_id;
  const about = words(alarm.about_title) || alarm.about;
  const parts = [place, about === place || alarm.about === alarm.place_id ? null : about].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : t("alarm_whole_city");
}
