// Colours of quantities: one hue from light to dark, even to the eye. The same in map, chart and table.

const LIGHT = ["#e4ecf5", "#c3d4e8", "#9bb8d8", "#6f98c4", "#4577ad", "#1f5791"];
const DARK = ["#1c2a38", "#22405c", "#2b5680", "#3c70a4", "#5a8fc5", "#86b3e2"];

export type Ground = "light" | "dark";

/** The colour of a number between the least and the largest. */
export function sequential(value: number, low: number, high: number, ground: Ground): string {
  const scale = ground === "dark" ? DARK : LIGHT;
  const part = high > low ? (value - low) / (high - low) : 0.5;
  return scale[Math.max(0, Math.min(scale.length - 1, Math.floor(part * scale.length)))] as string;
}

export const steps = (ground: Ground): readonly string[] => (ground === "dark" ? DARK : LIGHT);

/** Washes of states under a label; the state is always said in words too. */
export const STATE_COLORS: Record<Ground, { off_target: string; watch: string; on_target: string }> = {
  light: { off_target: "#e8a49e", watch: "#efd09a", on_target: "#dfe4e2" },
  dark: { off_target: "#7a2f2a", watch: "#6b4c17", on_target: "#232c32" },
};
