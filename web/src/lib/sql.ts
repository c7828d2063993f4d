// Completion of SQL from the catalogue: which names may follow what is typed.

export interface Table { name: string; columns: { name: string; title?: string }[]; title?: string }
export interface Suggestion { text: string; detail: string; kind: "table" | "column" | "word" }

const WORDS = ["SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "JOIN", "LEFT JOIN", "ON", "AND", "OR", "NOT", "AS", "IN", "IS NULL", "IS NOT NULL", "BETWEEN", "LIKE", "DISTINCT", "count(*)", "sum(", "avg(", "min(", "max(", "date_trunc(", "local_start(", "qavg(", "qsum(", "CASE WHEN", "WITH", "HAVING", "DESC", "ASC", "UNION ALL", "INTERVAL"];

/** The piece of a name before the caret: where it begins, and the name before its dot. */
export function pieceAt(text: string, caret: number): { start: number; piece: string; owner: string | null } {
  const before = text.slice(0, caret);
  const piece = /[\w$]*$/.exec(before)?.[0] ?? "";
  const start = caret - piece.length;
  const owner = /([\w$]+)\.$/.exec(before.slice(0, start))?.[1] ?? null;
  return { start, piece, owner };
}

const bare = (sql: string): string => sql.replace(/'(?:[^']|'')*'/g, "''").replace(/--[^\n]*/g, "");

/** Tables that a query names, with the names it gives them. */
export function namedTables(sql: string, tables: readonly Table[]): Map<string, Table> {
  const found = new Map<string, Table>();
  for (const [, name, alias] of bare(sql).matchAll(/\b(?:from|join)\s+([\w$]+)(?:\s+(?:as\s+)?([\w$]+))?/gi)) {
    const table = tables.find((t) => t.name === name?.toLowerCase());
    if (!table) continue;
    found.set(table.name, table);
    if (alias && !/^(where|on|join|left|right|inner|group|order|limit|union|as)$/i.test(alias)) found.set(alias.toLowerCase(), table);
  }
  return found;
}

/** What may stand at the caret, the likeliest first. */
export function complete(sql: string, caret: number, tables: readonly Table[], most = 12): Suggestion[] {
  const { start, piece, owner } = pieceAt(sql, caret);
  const wanted = piece.toLowerCase();
  const named = namedTables(sql, tables);
  const fits = (name: string): boolean => name.toLowerCase().startsWith(wanted) || (wanted.length > 2 && name.toLowerCase().includes(wanted));
  const columns = (table: Table): Suggestion[] => table.columns.filter((c) => fits(c.name)).map((c) => ({ text: c.name, detail: c.title ?? table.name, kind: "column" }));
  if (owner) {
    const table = named.get(owner.toLowerCase());
    return table ? columns(table).slice(0, most) : [];
  }
  const afterFrom = /\b(from|join)\s+$/i.test(bare(sql.slice(0, start)));
  const tableNames: Suggestion[] = tables.filter((t) => fits(t.name)).map((t) => ({ text: t.name, detail: t.title ?? "", kind: "table" }));
  if (afterFrom) return tableNames.slice(0, most);
  if (!wanted) return [];
  const own = [...new Set(named.values())].flatMap(columns);
  const words: Suggestion[] = WORDS.filter((w) => w.toLowerCase().startsWith(wanted)).map((w) => ({ text: w, detail: "", kind: "word" }));
  const begins = (s: Suggestion): number => Number(!s.text.toLowerCase().startsWith(wanted));
  const all = [...own, ...words, ...tableNames].sort((a, b) => begins(a) - begins(b));
  return all.filter((s, i) => all.findIndex((o) => o.text === s.text) === i && s.text.toLowerCase() !== wanted).slice(0, most);
}
