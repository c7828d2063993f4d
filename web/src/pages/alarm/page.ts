import { definePage } from "../define";

export const page = definePage({ id: "alarm", path: "/alarms/:id", title: "nav_alarm", icon: "alarm", live: true, view: () => import("./Page.svelte") });
