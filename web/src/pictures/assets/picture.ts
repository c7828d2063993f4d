import { definePicture } from "../define";

export const picture = definePicture({ subject: "assets", view: () => import("./Assets.svelte") });
