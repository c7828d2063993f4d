import { definePicture } from "../define";

export const picture = definePicture({ subject: "safety", view: () => import("./Safety.svelte") });
