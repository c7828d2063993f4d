import { definePage } from "../define";

export const page = definePage({ id: "procedures", path: "/procedures", title: "nav_procedures", icon: "table", view: () => import("./Page.svelte") });
