import { definePage } from "../define";

export const page = definePage({ id: "districts", path: "/districts", title: "nav_districts", icon: "districts", order: 3, phone: true, view: () => import("./Page.svelte") });
