// The pictures there are, by subject.

import type { Picture } from "./define";

const modules = import.meta.glob<{ picture: Picture }>("./*/picture.ts", { eager: true });
const pictures = new Map(Object.values(modules).map(({ picture }) => [picture.subject, picture]));

export const pictureOf = (subject: string): Picture | null => pictures.get(subject) ?? null;
