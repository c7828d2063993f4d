import { definePage } from "../define";

export const page = definePage({ id: "more", path: "/more", title: "nav_more", icon: "more", phone: true, view: () => import("./Page.svelte") });
