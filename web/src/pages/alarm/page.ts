import { definePage } from "../define";

export const page = definePage({ id: "alarm", path: "/alarms/:id", title: "nav_alarm", icon: "alarm", view: () => import("./Page.svelte") });
