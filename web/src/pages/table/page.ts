import { definePage } from "../define";

export const page = definePage({ id: "table", path: "/data/:name", title: "nav_data", icon: "table", view: () => import("./Page.svelte") });
