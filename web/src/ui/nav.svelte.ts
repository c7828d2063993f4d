// The address as state, and moving about in it.

import { address, changed, readable } from "../lib/url";
import { afterPaint } from "./display.svelte";
import { locale } from "./say.svelte";
import { parseLocal } from "../lib/time";

// An address that people type.
if (location.pathname === "/signin") history.replaceState(null, "", `/sign-in${location.search}`);

const instant = (text: string | undefined): number | null => (text ? parseLocal(text, locale.zone) : null);

class Place {
  url = $state.raw(new URL(location.href));
  /** Each parameter by itself: what does not read one that changes is not looked at again. */
  params = $state<Record<string, string | undefined>>({});
  /** Where passports open. */
  bare = $derived(changed(this.url, { passport: null, tab: null }));
  /** What the address says of time, milliseconds. */
  moment = $derived(instant(this.params.at));
  asOf = $derived(instant(this.params.as_of));

  constructor() {
    this.move(this.url);
  }

  move(url: URL): void {
    this.url = url;
    for (const name of Object.keys(this.params)) if (!url.searchParams.has(name)) delete this.params[name];
    // Of a name that is there twice, the first holds.
    for (const name of url.searchParams.keys()) this.params[name] = url.searchParams.get(name) ?? undefined;
  }
}

const place = new Place();

/** The present address; reading it in a component makes it follow. */
export const here = (): URL => place.url;
export const param = (name: string): string | null => place.params[name] ?? null;

/** A link to a page, with the parameters that hold on every page. */
export const link = (path: string, changes: Record<string, string | null> = {}): string => address(param, path, changes);
/** A link that opens a passport over this page. */
export const passportLink = (id: string): string => `${place.bare}${place.bare.includes("?") ? "&" : "?"}passport=${readable(encodeURIComponent(id))}`;
/** A link to this page with other parameters. */
export const here_with = (changes: Record<string, string | null>): string => changed(place.url, changes);

const SIGN_IN = "/sign-in";
let left: URL | null = null;

/** The page from which somebody went to sign in; Now where there was none. */
export const backFromSignIn = (): string => (left ? changed(left, { lang: param("lang") }) : link("/"));

type Step = "push" | "replace";

export function go(href: string, step: Step = "push"): void {
  const next = new URL(href, location.href);
  if (step === "push") history.pushState(null, "", next);
  else history.replaceState(null, "", next);
  const other = next.pathname !== place.url.pathname;
  if (other && next.pathname === SIGN_IN) left = place.url;
  place.move(next);
  if (other && step === "push") scrollTo(0, 0);
}

export const set = (changes: Record<string, string | null>, step: Step = "replace"): void => go(changed(place.url, changes), step);

addEventListener("popstate", () => {
  place.move(new URL(location.href));
});

/** Clicks on links of our own pages do not load the page again; that one was pressed is seen before the page changes. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const anchor = (event.target as Element | null)?.closest("a[href]") as HTMLAnchorElement | null;
  if (!anchor || anchor.target || anchor.hasAttribute("download") || anchor.origin !== location.origin) return;
  if (anchor.pathname.startsWith("/api/") || anchor.pathname.startsWith("/tiles/") || anchor.hash) return;
  event.preventDefault();
  const { href } = anchor;
  void afterPaint().then(() => go(href));
}

/** The moment that is shown, milliseconds; null when it is the present. */
export const momentOf = (): number | null => place.moment;

/** The knowledge that is shown, milliseconds; null when it is today's. */
export const asOfOf = (): number | null => place.asOf;

export const isWall = (): boolean => param("wall") === "1";
