import { definePage } from "../define";

export const page = definePage({ id: "decisions", path: "/decisions", title: "nav_decisions", icon: "projects", view: () => import("./Page.svelte") });
