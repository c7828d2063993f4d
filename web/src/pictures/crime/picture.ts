import { definePicture } from "../define";

export const picture = definePicture({ subject: "crime", view: () => import("./Crime.svelte") });
