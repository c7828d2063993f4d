import { definePage } from "../define";

export const page = definePage({ id: "procedures", path: "/procedures", title: "nav_procedures", icon: "procedures", within: "incidents", live: true, plain: true, view: () => import("./Page.svelte") });
