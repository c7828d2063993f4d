import { definePage } from "../define";

export const page = definePage({ id: "drills", path: "/drills", title: "nav_drills", icon: "clock", within: "incidents", live: true, view: () => import("./Page.svelte") });
