import { definePage } from "../define";

export const page = definePage({ id: "programme", path: "/programmes/:programme", title: "nav_programmes", icon: "programmes", within: "subjects", view: () => import("./Page.svelte") });
