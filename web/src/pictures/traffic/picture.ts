import { definePicture } from "../define";

export const picture = definePicture({ subject: "traffic", view: () => import("./Traffic.svelte") });
