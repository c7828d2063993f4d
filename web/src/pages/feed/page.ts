import { definePage } from "../define";

export const page = definePage({ id: "feed", path: "/feeds/:id", title: "nav_feeds", icon: "feeds", view: () => import("./Page.svelte") });
