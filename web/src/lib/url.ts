// The address: what can be shared stands in it. Parameters that hold on every page are kept from link to link.

/** Parameters that go along from page to page. */
export const KEPT = ["lang", "at", "as_of", "wall", "map"] as const;

/** An address with some parameters of the present one, as `now` tells them, kept and others set; null removes. */
export function address(now: (name: string) => string | null, path: string, changes: Record<string, string | null> = {}): string {
  const [pathname = "/", search = ""] = path.split("?");
  const query = new URLSearchParams(search);
  for (const name of KEPT) {
    const value = now(name);
    if (value !== null && !query.has(name)) query.set(name, value);
  }
  return assemble(pathname, query, changes);
}

/** The present address with some parameters changed; null removes. */
export function changed(current: URL, changes: Record<string, string | null>): string {
  return assemble(current.pathname, new URLSearchParams(current.search), changes);
}

/** What may stand in a query as it is stays readable. */
export const readable = (encoded: string): string => encoded.replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");

function assemble(pathname: string, query: URLSearchParams, changes: Record<string, string | null>): string {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = readable(query.toString());
  return text ? `${pathname}?${text}` : pathname;
}

export interface Match<T> { page: T; params: Record<string, string> }

/** The first page whose path fits: `/districts/:id`. */
export function matchPath<T extends { path: string }>(pages: readonly T[], pathname: string): Match<T> | null {
  const wanted = pathname.split("/").filter(Boolean);
  for (const page of pages) {
    const parts = page.path.split("/").filter(Boolean);
    if (parts.length !== wanted.length) continue;
    const params: Record<string, string> = {};
    const fits = parts.every((part, i) => {
      const given = wanted[i] as string;
      if (!part.startsWith(":")) return part === given;
      try {
        params[part.slice(1)] = decodeURIComponent(given);
        return true;
      } catch {
        return false;
      }
    });
    if (fits) return { page, params };
  }
  return null;
}
