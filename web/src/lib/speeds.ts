// How slow a place is against usual, in words that a shape stands for too.

export type Slowness = "much" | "slower" | "usual" | "faster";
export const SLOWNESS: readonly Slowness[] = ["much", "slower", "usual", "faster"];
/** Shares of the usual speed between which the words change. */
export const SLOW_BOUNDS = [0.6, 0.85, 1.15] as const;

export function slownessOf(ratio: number): Slowness {
  const [much, slower, faster] = SLOW_BOUNDS;
  return ratio < much ? "much" : ratio < slower ? "slower" : ratio < faster ? "usual" : "faster";
}

/** A shape around a point: it says the same as the colour. */
export function shapeOf(kind: Slowness, [x, y]: readonly [number, number]): string {
  const at = (points: readonly (readonly [number, number])[]): string => `M${points.map(([dx, dy]) => `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`).join("L")}Z`;
  switch (kind) {
    case "much":
      return at([[0, -7], [7, 0], [0, 7], [-7, 0]]);
    case "slower":
      return at([[-5.5, -4.5], [5.5, -4.5], [0, 5.5]]);
    case "usual":
      return at([[-1.8, -1.8], [1.8, -1.8], [1.8, 1.8], [-1.8, 1.8]]);
    case "faster":
      return at([[-5, 4], [5, 4], [0, -5]]);
  }
}
