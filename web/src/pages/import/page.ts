import { definePage } from "../define";

export const page = definePage({ id: "import", path: "/import", title: "import_title", icon: "upload", plain: true, view: () => import("./Page.svelte") });
