import { definePage } from "../define";

export const page = definePage({ id: "journal", path: "/journal", title: "nav_journal", icon: "history", within: "incidents", live: true, view: () => import("./Page.svelte") });
