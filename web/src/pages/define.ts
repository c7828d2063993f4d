// What a page says of itself. A new folder under pages/ with a page.ts needs no other change.

import type { Component } from "svelte";
import type { MessageKey } from "../lib/messages";
import type { IconName } from "../ui/Icon.svelte";

export interface PageProps { params: Record<string, string> }

export interface Page {
  id: string;
  /** `/districts/:id`; parts with a colon are parameters. */
  path: string;
  title: MessageKey;
  icon: IconName;
  /** Place in the navigation; absent: reached from other pages. */
  order?: number;
  /** The page in the navigation to which this one belongs. */
  within?: string;
  /** Shows what is now, whatever moment is chosen: it has no bar of time. */
  live?: boolean;
  /** Shows none of the city's data: no word on whether they are simulated. */
  plain?: boolean;
  /** One of the five on a phone. */
  phone?: boolean;
  view: () => Promise<{ default: Component<PageProps> | Component<Record<string, never>> }>;
}

export const definePage = (page: Page): Page => page;
