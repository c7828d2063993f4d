import { definePicture } from "../define";

export const picture = definePicture({ subject: "transit", view: () => import("./Transit.svelte") });
