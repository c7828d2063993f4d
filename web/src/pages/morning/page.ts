import { definePage } from "../define";

export const page = definePage({ id: "morning", path: "/morning", title: "nav_morning", icon: "print", within: "incidents", view: () => import("./Page.svelte") });
