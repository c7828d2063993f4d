import { definePage } from "../define";

export const page = definePage({ id: "review", path: "/review", title: "nav_review", icon: "population", within: "incidents", live: true, view: () => import("./Page.svelte") });
