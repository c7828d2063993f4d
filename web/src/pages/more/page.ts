import { definePage } from "../define";

export const page = definePage({ id: "more", path: "/more", title: "nav_more", icon: "more", phone: true, live: true, plain: true, view: () => import("./Page.svelte") });
