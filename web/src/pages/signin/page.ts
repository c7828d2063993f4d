import { definePage } from "../define";

export const page = definePage({ id: "signin", path: "/sign-in", title: "sign_in", icon: "person", live: true, plain: true, view: () => import("./Page.svelte") });
