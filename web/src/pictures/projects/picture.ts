import { definePicture } from "../define";

export const picture = definePicture({ subject: "projects", view: () => import("./Projects.svelte") });
