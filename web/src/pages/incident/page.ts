import { definePage } from "../define";

export const page = definePage({ id: "incident", path: "/incidents/:id", title: "nav_incident", icon: "room", live: true, view: () => import("./Page.svelte") });
