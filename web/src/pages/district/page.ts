import { definePage } from "../define";

export const page = definePage({ id: "district", path: "/districts/:place", title: "nav_districts", icon: "districts", view: () => import("./Page.svelte") });
