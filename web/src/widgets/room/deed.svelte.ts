// Something that somebody does by a button: under way, done, or refused with a sentence.

import { t } from "../../ui/say.svelte";
import { sentenceOf, statusOf } from "../../ui/trouble";

export class Deed {
  busy = $state(false);
  trouble = $state<string | null>(null);

  /** Says what is missing, before anything is asked of the server. */
  refuse(sentence: string): void {
    this.trouble = sentence;
  }

  /** Does it once at a time; true when it was done. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    [this.busy, this.trouble] = [true, null];
    try {
      await work();
      return true;
    } catch (error) {
      this.trouble = statusOf(error) === 403 ? t("room_no_right") : sentenceOf(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
