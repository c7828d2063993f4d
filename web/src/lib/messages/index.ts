// Every phrase of the screen in three languages, side by side, so that none is forgotten.

import type { Phrase } from "../i18n";
import { alarms } from "./alarms";
import { data } from "./data";
import { door } from "./door";
import { numbers } from "./numbers";
import { pages } from "./pages";
import { pictures } from "./pictures";
import { programmes } from "./programmes";
import { room } from "./room";
import { shell } from "./shell";

export const messages = { ...shell, ...numbers, ...data, ...door, ...pages, ...pictures, ...programmes, ...alarms, ...room } satisfies Record<string, Phrase>;
export type MessageKey = keyof typeof messages;
export const isMessage = (key: string): key is MessageKey => key in messages;
