// The queue of alarms as every page shares it. In a storm it is read at most twice a second, and never more than its first page.

import { dueTone } from "../lib/alarms";
import { Resource } from "../ui/resource.svelte";
import { play } from "../ui/tones";
import * as api from "./client";
import type { Alarm, Alarms, AlarmWord } from "./types";

/** Alarms that are read: nobody works on more at once. */
export const SHOWN = 50;
const APART_MS = 500;

class Queue {
  read = new Resource<Alarms>(() => api.alarms({ limit: SHOWN }));
  /** The sound of this place of work; it is on again with the next shift, when the page is opened anew. */
  sound = $state(true);
  /** What went wrong with the last act. */
  failed = $state.raw<unknown>(null);
  #heard = new Map<string, number>();
  #waiting = 0;
  #last = -APART_MS;

  /** Reads the queue now, or when half a second has passed since the last time. */
  soon(): void {
    if (this.#waiting) return;
    const left = Math.max(0, this.#last + APART_MS - performance.now());
    this.#waiting = window.setTimeout(() => {
      this.#waiting = 0;
      this.#last = performance.now();
      void this.read.read().then(() => this.listen());
    }, left);
  }

  /** Sounds what is due. */
  listen(): void {
    const alarms = this.read.value?.alarms;
    if (!alarms) return;
    const { tone, heard } = dueTone(alarms, this.#heard, performance.now());
    this.#heard = heard;
    if (tone && this.sound) play(tone);
  }

  async turn(on: boolean): Promise<void> {
    this.sound = on;
    await api.noteSound(on).catch((error: unknown) => (this.failed = error));
  }

  /** Does something with an alarm; it stands so on the screen at once. */
  async act(name: string, act: "acknowledge" | "close" | "comment", word: AlarmWord = {}): Promise<Alarm | null> {
    try {
      const done = await api.actOnAlarm(name, act, word);
      const value = this.read.value;
      if (value) this.read.value = { ...value, alarms: value.alarms.map((a) => (a.id === done.id ? done : a)).filter((a) => a.state !== "closed") };
      this.failed = null;
      this.soon();
      return done;
    } catch (error) {
      this.failed = error;
      return null;
    }
  }
}

export const queue = new Queue();
