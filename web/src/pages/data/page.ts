import { definePage } from "../define";

export const page = definePage({ id: "data", path: "/data", title: "nav_data", icon: "data", order: 4, phone: true, view: () => import("./Page.svelte") });
