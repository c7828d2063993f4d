// Every test. A new file is a line here.

import "./pages.mjs";
import "./numbers.mjs";
import "./subjects.mjs";
import "./map.mjs";
import "./faults.mjs";
import "./live.mjs";
import "./people.mjs";
import "./door.mjs";
import "./story.mjs";
import "./room.mjs";
import "./storm.mjs";
import "./speed.mjs";

export { specs } from "./define.mjs";
