// What can be found without asking the server: everything the catalogue, the places and the feeds name, in all languages.

import { city } from "../api/city.svelte";
import type { Place, Text } from "../api/types";
import { fold } from "../lib/fold";
import type { Page } from "../pages/define";
import { link } from "../ui/nav.svelte";
import { placeName, subjectName, t, words } from "../ui/say.svelte";

export interface Entry { kind: string; title: string; subtitle: string; href: string; folded: string }

const all = (text: Text | null | undefined): string => (text ? `${text.kk} ${text.ru} ${text.en}` : "");

export function entriesOf(pages: readonly Page[]): Entry[] {
  const out: Omit<Entry, "folded">[] = [];
  const folded: string[] = [];
  const add = (entry: Omit<Entry, "folded">, more: string): void => {
    out.push(entry);
    folded.push(fold(`${entry.title} ${entry.subtitle} ${more}`));
  };
  const catalog = city.catalog.value;
  for (const page of pages) if (!page.path.includes(":")) add({ kind: "page", title: t(page.title), subtitle: "", href: link(page.path) }, page.id);
  for (const i of catalog?.indicators ?? []) add({ kind: "indicator", title: words(i.title), subtitle: words(i.question), href: link(`/indicators/${i.id}`) }, `${i.id} ${all(i.title)}`);
  for (const s of new Set(catalog?.indicators.map((i) => i.subject))) add({ kind: "subject", title: subjectName(s), subtitle: "", href: link(`/subjects/${s}`) }, s);
  const places: readonly Place[] = city.places.value ?? [];
  for (const p of places) if (p.kind === "district") add({ kind: "place", title: placeName(p.place_id), subtitle: "", href: link(`/districts/${p.place_id}`) }, `${p.name_kk} ${p.name_ru} ${p.name_en}`);
  for (const p of city.programmes.value ?? []) add({ kind: "programme", title: words(p.title), subtitle: p.legal_basis ?? "", href: link(`/programmes/${p.id}`) }, `${p.id} ${all(p.title)}`);
  for (const f of city.feeds.value ?? []) add({ kind: "feed", title: words(f.title) || f.id, subtitle: f.id, href: link(`/feeds/${encodeURIComponent(f.id)}`) }, all(f.title));
  for (const d of catalog?.datasets ?? []) add({ kind: "dataset", title: words(d.title), subtitle: d.name, href: link(`/data/${d.name}`) }, all(d.title));
  return out.map((entry, i) => ({ ...entry, folded: folded[i] as string }));
}

/** Entries in which every typed word occurs; those whose title begins with it first. */
export function matching(entries: readonly Entry[], q: string): Entry[] {
  const parts = fold(q).split(/\s+/).filter(Boolean);
  if (parts.length === 0) return entries.filter((e) => e.kind === "page" || e.kind === "indicator").slice(0, 20);
  const first = parts[0] as string;
  return entries
    .filter((e) => parts.every((p) => e.folded.includes(p)))
    .sort((a, b) => Number(b.folded.startsWith(first)) - Number(a.folded.startsWith(first)));
}
