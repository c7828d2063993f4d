// A picture that is taken away: its title, its date, its source and the mark of simulated data drawn in. Only lengths are found
// here; nothing is drawn.

export interface Captions {
  title: string;
  /** Lines below the title: what, of when. */
  lines: readonly string[];
  /** The last line: where it comes from. */
  source: string;
  /** A mark that must not be overlooked. */
  mark: string | null;
}

export type Tone = "ink" | "second" | "mark";
export interface Placed { text: string; x: number; y: number; size: number; bold: boolean; tone: Tone }
export interface Framed { width: number; height: number; picture: { x: number; y: number; width: number; height: number }; texts: Placed[] }
export type Measure = (text: string, size: number, bold: boolean) => number;

const MARGIN = 16;
/** A narrow picture stands in a frame that has room for words. */
const LEAST = 480;

/** A text in lines of a width; a word that is wider than a line stays whole, for there are no such words in titles. */
export function lines(text: string, width: number, measure: (text: string) => number): string[] {
  const out: string[] = [];
  for (const word of text.split(" ").filter((w) => w !== "")) {
    const longer = out.length === 0 ? word : `${out.at(-1)} ${word}`;
    if (out.length > 0 && measure(longer) <= width) out[out.length - 1] = longer;
    else out.push(word);
  }
  return out;
}

/** Where the words stand around a picture of a size. */
export function framed(captions: Captions, picture: { width: number; height: number }, measure: Measure): Framed {
  const width = Math.max(LEAST, picture.width) + 2 * MARGIN;
  const room = width - 2 * MARGIN;
  const texts: Placed[] = [];
  let y = MARGIN;
  const say = (text: string, size: number, bold: boolean, tone: Tone): void => {
    for (const line of lines(text, room, (t) => measure(t, size, bold))) {
      y += Math.round(size * 1.35);
      texts.push({ text: line, x: MARGIN, y: y - Math.round(size * 0.35), size, bold, tone });
    }
  };
  say(captions.title, 20, true, "ink");
  for (const line of captions.lines) if (line !== "") say(line, 13, false, "second");
  if (captions.mark) say(captions.mark, 13, true, "mark");
  y += 10;
  const at = { x: MARGIN + (room - picture.width) / 2, y, width: picture.width, height: picture.height };
  y += picture.height + 4;
  say(captions.source, 12, false, "second");
  return { width, height: y + MARGIN, picture: at, texts };
}
