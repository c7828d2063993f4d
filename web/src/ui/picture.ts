// A picture of what is seen, at twice its size, with its words drawn in.

import { type Captions, framed, type Tone } from "../lib/framed";
import { download } from "./csv";
import { token } from "./display.svelte";

const SCALE = 2;
const font = (size: number, bold: boolean): string => `${bold ? 600 : 400} ${size}px "Qala Sans", system-ui, sans-serif`;
const TONES: Record<Tone, "ink" | "second" | "amber"> = { ink: "ink", second: "second", mark: "amber" };

/** Saves a picture of a size on the screen as PNG. */
export async function savePicture(name: string, source: CanvasImageSource, size: { width: number; height: number }, captions: Captions): Promise<void> {
  await Promise.all([document.fonts.load(font(20, true), "Әқ"), document.fonts.load(font(13, false), "Әқ")]);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const frame = framed(captions, size, (text, height, bold) => {
    pen.font = font(height, bold);
    return pen.measureText(text).width;
  });
  [canvas.width, canvas.height] = [Math.ceil(frame.width * SCALE), Math.ceil(frame.height * SCALE)];
  pen.scale(SCALE, SCALE);
  pen.fillStyle = token("surface");
  pen.fillRect(0, 0, frame.width, frame.height);
  const { picture } = frame;
  pen.drawImage(source, picture.x, picture.y, picture.width, picture.height);
  for (const text of frame.texts) {
    pen.font = font(text.size, text.bold);
    pen.fillStyle = token(TONES[text.tone]);
    pen.fillText(text.text, text.x, text.y);
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob) download(name, blob);
}
