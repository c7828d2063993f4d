// What is typed against what is written.

const LIKE: Record<string, string> = { ә: "а", ғ: "г", қ: "к", ң: "н", ө: "о", ұ: "у", ү: "у", һ: "х", і: "и", ё: "е", й: "и" };

/** Small letters without the marks a keyboard may lack: Қ is found by К, Ә by А. */
export function fold(text: string): string {
  return text.toLowerCase().replace(/[әғқңөұүһіёй]/g, (c) => LIKE[c] ?? c).trim();
}

/** True when every typed word occurs in a text. */
export const matches = (text: string, typed: string): boolean => {
  const folded = fold(text);
  return fold(typed).split(/\s+/).every((part) => folded.includes(part));
};
