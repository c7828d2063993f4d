import { definePage } from "../define";

export const page = definePage({ id: "alarms", path: "/alarms", title: "nav_alarms", icon: "alarm", order: 1.5, live: true, view: () => import("./Page.svelte") });
