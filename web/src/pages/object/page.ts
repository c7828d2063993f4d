import { definePage } from "../define";

export const page = definePage({ id: "object", path: "/objects/:layer/:id", title: "kind_object", icon: "places", view: () => import("./Page.svelte") });
