import { definePicture } from "../define";

export const picture = definePicture({ subject: "schools", view: () => import("./Schools.svelte") });
