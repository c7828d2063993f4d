// What comes first when much is wrong: what people's health hangs on, then what moves the city now, the administration's own
// housekeeping last.

const FIRST: readonly (readonly string[])[] = [["air", "safety"], ["traffic", "transit", "crime"]];
const LAST: readonly string[] = ["organisation", "feeds", "devices", "models", "lake"];

/** How pressing trouble of a subject is: 0 is the most. A subject that is not named stands in between. */
export function pressing(subject: string): number {
  const at = FIRST.findIndex((group) => group.includes(subject));
  return at >= 0 ? at : FIRST.length + Number(LAST.includes(subject));
}
