import { definePage } from "../define";

export const page = definePage({ id: "subject", path: "/subjects/:subject", title: "nav_subjects", icon: "subjects", view: () => import("./Page.svelte") });
