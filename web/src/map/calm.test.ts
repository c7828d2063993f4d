import { describe, expect, it } from "vitest";
import { Calm, HOLD_MS } from "./calm";

describe("Calm", () => {
  const page = (): { clock: { now: number }; target: EventTarget; calm: Calm } => {
    const clock = { now: 1000 };
    const target = new EventTarget();
    return { clock, target, calm: new Calm(target, (event) => event.cancelable, () => clock.now) };
  };

  it("holds after each of what people do, and lets go", () => {
    for (const name of ["pointerdown", "keydown", "input", "wheel"]) {
      const { clock, target, calm } = page();
      expect(calm.left_ms, name).toBe(0);
      target.dispatchEvent(new Event(name));
      expect(calm.left_ms, name).toBe(HOLD_MS);
      clock.now += HOLD_MS - 1;
      expect(calm.left_ms, name).toBe(1);
      clock.now += 1;
      expect(calm.left_ms, name).toBe(0);
    }
  });

  it("holds on while somebody goes on", () => {
    const { clock, target, calm } = page();
    for (let i = 0; i < 5; i += 1) {
      target.dispatchEvent(new Event("input"));
      clock.now += 400;
      expect(calm.left_ms).toBe(200);
    }
  });

  it("lets the wheel turn over a map, and whatever only passes by", () => {
    const { target, calm } = page();
    target.dispatchEvent(new Event("wheel", { cancelable: true }));
    target.dispatchEvent(new Event("pointermove"));
    expect(calm.left_ms).toBe(0);
  });
});
