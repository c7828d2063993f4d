import { definePicture } from "../define";

export const picture = definePicture({ subject: "organisation", view: () => import("./Organisation.svelte") });
