import { definePage } from "../define";

export const page = definePage({ id: "workbench", path: "/workbench", title: "nav_workbench", icon: "workbench", order: 5, view: () => import("./Page.svelte") });
