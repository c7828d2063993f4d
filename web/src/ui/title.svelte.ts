// What the tab of the browser is called beside the name of the page: the table, the indicator, the district that is shown.

let told = $state<string | null>(null);

/** Names what the page shows. Called while the page is made; nothing named yet is an empty text. */
export function tellTitle(name: () => string): void {
  $effect(() => {
    told = name() || null;
    return () => {
      told = null;
    };
  });
}

export const toldTitle = (): string | null => told;
