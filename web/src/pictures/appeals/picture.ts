import { definePicture } from "../define";

export const picture = definePicture({ subject: "appeals", view: () => import("./Appeals.svelte") });
