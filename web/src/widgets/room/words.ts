// Words of records, in the language of the reader where they are there.

import type { Procedure } from "../../api/types";
import { ofDrill } from "../../lib/room";
import { locale, t, words } from "../../ui/say.svelte";

/** What is said in a record: an exercise says it in three languages. */
export const said = (text: string, isDrill: boolean): string => (isDrill ? ofDrill(locale.lang, text) : text);

export const titleOf = (incident: { title: string; drill: boolean }): string => said(incident.title, incident.drill);

/** The kind of an incident: the title of its procedure. */
export const kindName = (procedures: readonly Procedure[], kind: string): string => words(procedures.find((p) => p.id === kind)?.title) || (kind === "other" ? t("incident_other") : kind);
