// Every page there is.

import type { Page } from "../pages/define";

const modules = import.meta.glob<{ page: Page }>("../pages/*/page.ts", { eager: true });

export const pages: readonly Page[] = Object.values(modules).map((m) => m.page);
export const inRail: readonly Page[] = pages.filter((p) => p.order !== undefined).sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
export const onPhone: readonly Page[] = [...inRail.filter((p) => p.phone), ...pages.filter((p) => p.phone && p.order === undefined)];
