import { definePage } from "../define";

export const page = definePage({ id: "admin", path: "/admin", title: "nav_admin", icon: "admin", order: 6, plain: true, view: () => import("./Page.svelte") });
