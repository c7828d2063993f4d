import { definePage } from "../define";

export const page = definePage({ id: "morning", path: "/morning", title: "nav_morning", icon: "print", within: "incidents", live: true, view: () => import("./Page.svelte") });
