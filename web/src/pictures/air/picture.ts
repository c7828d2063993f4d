import { definePicture } from "../define";

export const picture = definePicture({ subject: "air", view: () => import("./Air.svelte") });
