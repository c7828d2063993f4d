import { definePage } from "../define";

export const page = definePage({ id: "admin", path: "/admin", title: "nav_admin", icon: "admin", order: 6, view: () => import("./Page.svelte") });
