import { definePage } from "../define";

export const page = definePage({ id: "now", path: "/", title: "nav_now", icon: "now", order: 1, phone: true, view: () => import("./Page.svelte") });
