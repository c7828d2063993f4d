import { definePage } from "../define";

export const page = definePage({ id: "programmes", path: "/programmes", title: "nav_programmes", icon: "programmes", within: "subjects", view: () => import("./Page.svelte") });
