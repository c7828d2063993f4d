// Which tables a person fills with a file. The catalogue does not say it of a table, but of what it is: the program itself writes
// its journals, what models give, and the dated states that it keeps in its registry.

import type { Catalog, Dataset } from "../api/types";

/** Subjects of which the program writes every table. */
const OWN = new Set(["lake", "audit", "indicator", "models", "feeds", "room"]);
/** Of the alarms only the warnings of other centres come from outside. */
const WARNINGS = "alarms_warnings";

type About = Pick<Dataset, "name" | "subject" | "kind">;

/** True when the rows of a table come from outside: from a feed or a file. */
export function isFillable(dataset: About, runs: Pick<Catalog, "model_runs">["model_runs"]): boolean {
  if (OWN.has(dataset.subject) || dataset.kind === "state") return false;
  if (dataset.subject === "alarms") return dataset.name === WARNINGS;
  return !runs.some((run) => run.outputs.some((output) => output.dataset.name === dataset.name));
}

/** Names that several tables have: there the name of the table must be said as well. */
export function twice(titles: readonly string[]): Set<string> {
  return new Set(titles.filter((title, i) => titles.indexOf(title) !== i));
}
