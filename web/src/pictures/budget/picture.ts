import { definePicture } from "../define";

export const picture = definePicture({ subject: "budget", view: () => import("./Budget.svelte") });
