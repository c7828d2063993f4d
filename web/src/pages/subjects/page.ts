import { definePage } from "../define";

export const page = definePage({ id: "subjects", path: "/subjects", title: "nav_subjects", icon: "subjects", order: 2, phone: true, view: () => import("./Page.svelte") });
