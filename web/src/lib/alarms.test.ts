import { describe, expect, it } from "vitest";
import { AGAIN_MS, dueTone, isTyping, mayAct, nextToAcknowledge, severityOf, workingRole } from "./alarms";

const alarm = (id: string, severity: string, state = "open", cleared_at: string | null = null) => ({ id, severity, state, cleared_at });

describe("the sound", () => {
  it("is heard once, and again after two minutes until somebody acknowledges", () => {
    const first = dueTone([alarm("A-1", "major")], new Map(), 0);
    expect(first.tone).toBe("high");
    const soon = dueTone([alarm("A-1", "major")], first.heard, AGAIN_MS - 1);
    expect(soon.tone).toBeNull();
    const again = dueTone([alarm("A-1", "major")], soon.heard, AGAIN_MS);
    expect(again.tone).toBe("high");
    expect(dueTone([alarm("A-1", "major", "acknowledged")], again.heard, 3 * AGAIN_MS)).toEqual({ tone: null, heard: new Map() });
  });

  it("has one tone for many, the worse one, and none for what is only to be known or is over", () => {
    const many = [alarm("A-1", "minor"), alarm("A-2", "critical"), alarm("A-3", "minor")];
    expect(dueTone(many, new Map(), 5).tone).toBe("high");
    expect(dueTone([alarm("A-1", "minor")], new Map(), 5).tone).toBe("low");
    expect(dueTone([alarm("A-1", "info"), alarm("A-2", "critical", "open", "2026-03-02T08:00:00+05:00")], new Map(), 5).tone).toBeNull();
  });
});

describe("one key", () => {
  it("acknowledges what is looked at, else the first that waits", () => {
    const list = [alarm("A-3", "major", "acknowledged"), alarm("A-2", "major"), alarm("A-1", "minor")];
    expect(nextToAcknowledge(list, null)?.id).toBe("A-2");
    expect(nextToAcknowledge(list, "A-1")?.id).toBe("A-1");
    expect(nextToAcknowledge(list, "A-3")?.id).toBe("A-2");
    expect(nextToAcknowledge([], "A-3")).toBeNull();
  });

  it("is left to who types, and to who may act", () => {
    expect([isTyping("INPUT", false), isTyping("DIV", true), isTyping("BUTTON", false)]).toEqual([true, true, false]);
    expect(["public", "staff", "operator", "analyst"].map(mayAct)).toEqual([false, false, true, true]);
    expect(severityOf("strange")).toBe("minor");
    expect([workingRole(null), workingRole({ role: "operator", must_change: true }), workingRole({ role: "operator", must_change: false })]).toEqual([undefined, undefined, "operator"]);
  });
});
