import { definePage } from "../define";

export const page = definePage({ id: "incidents", path: "/incidents", title: "nav_incidents", icon: "room", order: 4.5, live: true, view: () => import("./Page.svelte") });
