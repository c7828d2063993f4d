// Who answers for a function of government, in words.

import type { OwnerToday } from "../../api/types";
import { words } from "../../ui/say.svelte";

/** The pack's word for a function whose department nobody found. */
const NOT_KNOWN = "not-known";

export function ownerName(owners: readonly OwnerToday[], id: string): string {
  const owner = owners.find((o) => o.function === id);
  if (!owner) return id;
  return (owner.department === NOT_KNOWN ? "" : words(owner.department_name)) || words(owner.name);
}

export function functionName(owners: readonly OwnerToday[], id: string): string {
  const owner = owners.find((o) => o.function === id);
  return owner ? words(owner.name) : id;
}
