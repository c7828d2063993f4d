// What lies out of sight is laid out after the answer somebody waits for. While they press or type, elements of the class `later` that
// nobody sees are skipped with the size they had; when the answer is painted they follow, a few with each frame.

import { afterPaint } from "./display.svelte";

/** From a press to the click it becomes. */
const HOLD_MS = 150;
const AT_ONCE = 8;

let turn = 0;
let timer = 0;

async function follow(): Promise<void> {
  const mine = ++turn;
  const skipped = [...document.querySelectorAll<HTMLElement>(".later")].filter((e) => e.style.contentVisibility);
  for (let i = 0; i < skipped.length && mine === turn; i += AT_ONCE) {
    await afterPaint();
    for (const element of skipped.slice(i, i + AT_ONCE)) element.style.contentVisibility = "";
  }
}

const MODIFIERS = ["Shift", "Control", "Alt", "Meta"];

function hold(event: Event): void {
  // A finger that scrolls wants to see what comes; one that taps ends with a click.
  if (event instanceof PointerEvent && event.type === "pointerdown" && event.pointerType === "touch") return;
  if (event instanceof KeyboardEvent && MODIFIERS.includes(event.key)) return;
  turn += 1;
  clearTimeout(timer);
  timer = window.setTimeout(() => void follow(), HOLD_MS);
  for (const element of document.querySelectorAll<HTMLElement>(".later")) element.style.contentVisibility = "auto";
}

/** Starts for as long as the page is there. */
export function answerFirst(): void {
  for (const name of ["pointerdown", "click", "keydown"]) window.addEventListener(name, hold, { capture: true, passive: true });
}
