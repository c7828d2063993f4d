// The moment that a map shows: as the time on every page says, else the city's present.

import { city } from "../api/city.svelte";
import { momentOf } from "../ui/nav.svelte";

export const shownNow = (): number => momentOf() ?? city.now;
