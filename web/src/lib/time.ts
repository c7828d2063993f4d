// Instants in the city's clock. The browser's zone is never used: an instant with an offset is in the city's own clock
// and is read as it stands; one that ends in Z is moved by the city's zone.

export interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}

/** The city's clock fields of an instant in milliseconds. */
export function fieldsOf(ms: number, zone: string): Fields & { second: number } {
  if (Number.isNaN(ms)) return { year: NaN, month: NaN, day: NaN, hour: NaN, minute: NaN, second: NaN };
  const out: Record<string, number> = {};
  for (const part of formatOf(zone).formatToParts(ms)) out[part.type] = Number(part.value);
  return out as unknown as Fields & { second: number };
}

/** The city's clock fields of an instant of the server. */
export function fields(iso: string, zone: string): Fields {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?.*?(Z|[+-]\d\d:\d\d)?$/.exec(iso);
  if (match && match[6] !== "Z") {
    const [year, month, day, hour, minute] = match.slice(1, 6).map((x) => Number(x ?? 0)) as [number, number, number, number, number];
    return { year, month, day, hour, minute };
  }
  return fieldsOf(Date.parse(iso), zone);
}

const two = (n: number): string => String(n).padStart(2, "0");

/** What an `<input type="datetime-local">` takes and the address holds: the city's clock, to the minute. */
export function localText(ms: number, zone: string): string {
  const f = fieldsOf(ms, zone);
  return `${f.year}-${two(f.month)}-${two(f.day)}T${two(f.hour)}:${two(f.minute)}`;
}

/** The instant of a text of the city's clock; null when it is none. A time that came twice is taken as the first. */
export function parseLocal(text: string, zone: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?$/.exec(text);
  if (!match) return null;
  const [y, mo, d, h, mi] = match.slice(1, 6).map((x) => Number(x ?? 0)) as [number, number, number, number, number];
  const wanted = Date.UTC(y, mo - 1, d, h, mi);
  if (Number.isNaN(wanted)) return null;
  const offsetAt = (ms: number): number => {
    const f = fieldsOf(ms, zone);
    return Date.UTC(f.year, f.month - 1, f.day, f.hour, f.minute, f.second) - Math.floor(ms / 1000) * 1000;
  };
  const early = wanted - offsetAt(wanted - 86400000);
  if (early + offsetAt(early) === wanted) return early;
  return wanted - offsetAt(wanted + 86400000);
}

export const HOUR_MS = 3600000;
export const DAY_MS = 86400000;

/** The city's clock of an instant as if it were UTC: for axes that cannot be told a zone. */
export function wallClock(iso: string, zone: string): number {
  const f = fields(iso, zone);
  return Date.UTC(f.year, f.month - 1, f.day, f.hour, f.minute);
}
