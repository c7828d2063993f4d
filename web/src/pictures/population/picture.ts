import { definePicture } from "../define";

export const picture = definePicture({ subject: "population", view: () => import("./Population.svelte") });
