import { definePage } from "../define";

export const page = definePage({ id: "indicator", path: "/indicators/:id", title: "nav_indicators", icon: "chart", view: () => import("./Page.svelte") });
