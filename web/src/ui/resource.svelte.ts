// Something that is read from elsewhere and may be loading, there, out of date or refused. When reading again fails, what was
// read before stays, with its age.

export class Resource<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<unknown>(null);
  loading = $state(false);
  /** When the value was read, milliseconds. */
  readAt = $state(0);
  #turn = 0;
  #load: () => Promise<T>;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** Reads; a later call wins over an earlier one. */
  async read(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    this.loading = true;
    try {
      const value = await this.#load();
      if (turn !== this.#turn) return;
      this.value = value;
      this.error = null;
      this.readAt = Date.now();
    } catch (error) {
      if (turn !== this.#turn) return;
      this.error = error;
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  forget(): void {
    this.#turn += 1;
    this.value = null;
    this.error = null;
    this.loading = false;
  }
}

/** A resource that reads whenever its key changes. What was of another key is forgotten, unless it may stay meanwhile. */
export function follow<K, T>(key: () => K | null, load: (key: K) => Promise<T>, meanwhile: "forget" | "keep" = "forget"): Resource<T> {
  let wanted: K | null = null;
  const resource = new Resource<T>(() => load(wanted as K));
  let before: string | null = null;
  $effect(() => {
    const next = key();
    const text = JSON.stringify(next);
    if (text === before) return;
    before = text;
    wanted = next;
    if (meanwhile === "forget") resource.forget();
    if (next !== null) void resource.read();
  });
  return resource;
}

/** Reads again whenever the turn grows, never twice at once, and at most every `gap` milliseconds. */
export function keepUp(resource: Resource<unknown>, turn: () => number, gap = 100): void {
  let before: number | null = null;
  let wanted = false;
  let timer = 0;
  const again = async (): Promise<void> => {
    wanted = false;
    // What is loading for another reason is not cut off; it may have begun before.
    if (resource.loading) wanted = true;
    else await resource.read();
    timer = window.setTimeout(() => {
      timer = 0;
      if (wanted) void again();
    }, gap);
  };
  $effect(() => {
    const next = turn();
    const grew = before !== null && next > before;
    before = next;
    if (!grew) return;
    wanted = true;
    if (timer === 0) {
      timer = -1;
      void again();
    }
  });
  $effect(() => () => clearTimeout(timer));
}
