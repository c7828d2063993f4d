// Two tones, made by the browser itself. It allows sound only after somebody touched the page.

import type { Tone } from "../lib/alarms";

const NOTES: Record<Tone, readonly number[]> = { high: [880, 660, 880], low: [440, 330] };
const NOTE_S = 0.22;

let context: AudioContext | null = null;

/** True when the browser would let a tone through. */
export const isAllowed = (): boolean => context?.state === "running" || navigator.userActivation?.hasBeenActive === true;

export function play(tone: Tone): void {
  if (!isAllowed()) return;
  try {
    context ??= new AudioContext();
    void context.resume();
    const out = context.createGain();
    out.gain.value = 0.2;
    out.connect(context.destination);
    NOTES[tone].forEach((pitch, n) => {
      if (!context) return;
      const note = context.createOscillator();
      note.type = tone === "high" ? "square" : "sine";
      note.frequency.value = pitch;
      note.connect(out);
      note.start(context.currentTime + n * NOTE_S);
      note.stop(context.currentTime + (n + 0.9) * NOTE_S);
    });
  } catch {
    // A machine without sound shows the alarm all the same.
  }
}
