// Who answers for a function of government, in words.

import type { OwnerToday } from "../../api/types";
import { words } from "../../ui/say.svelte";

export function ownerName(owners: readonly OwnerToday[], id: string): string {
  const owner = owners.find((o) => o.function === id);
  return owner ? words(owner.department_name) || words(owner.name) : id;
}

export function functionName(owners: readonly OwnerToday[], id: string): string {
  const owner = owners.find((o) => o.function === id);
  return owner ? words(owner.name) : id;
}
