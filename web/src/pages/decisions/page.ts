import { definePage } from "../define";

export const page = definePage({ id: "decisions", path: "/decisions", title: "nav_decisions", icon: "decisions", within: "incidents", live: true, view: () => import("./Page.svelte") });
