// A situation room in which something is going on, for tests and pictures of its pages: asked for over HTTP in the session of a
// page that is signed in.

import { clockOf, push } from "./roads.mjs";

/** Pages with what is on them, as `furnish` makes it. */
export const ROOM_PAGES = (made) => [
  ["now-alarms", "/"],
  ["wall-alarms", "/?wall=1"],
  ["alarms", "/alarms"],
  ["alarms-acknowledged", "/alarms?state=acknowledged"],
  ["alarm", `/alarms/${made.alarm}`],
  ["incidents", "/incidents"],
  ["incidents-all", "/incidents?state=all"],
  ["incident-from-alarm", `/incidents?alarm=${made.alarm}`],
  ["incident", `/incidents/${made.open}`],
  ["incident-closed", `/incidents/${made.closed}`],
  ["procedures", "/procedures?id=heat-failure"],
  ["journal", "/journal"],
  ["decisions", "/decisions"],
  ["decision", `/decisions?id=${made.overdue}&state=all`],
  ["review", "/review"],
  ["morning", "/morning"],
  ["drills", "/drills"],
  ["drill", `/incidents/${made.drill}`],
  ["drill-report", `/incidents/${made.played}`],
  ["programmes", "/programmes"],
  ["programme", "/programmes/vision-zero"],
];

export async function furnish(at, program) {
  const ask = async (method, path, body) => {
    const [status, text] = await at.page.evaluate(async ([method, path, body]) => {
      const { csrf } = await fetch("/api/session").then((r) => r.json());
      const answer = await fetch(path, { method, headers: { "content-type": "application/json", "x-csrf": csrf }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      return [answer.status, await answer.text()];
    }, [method, path, body]);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  const now = await clockOf(program);
  const day = (days) => new Date(Date.parse(now()) + days * 86_400_000).toISOString();
  const settle = async (incident, choose) => {
    const { steps } = await ask("GET", `/api/incidents/${incident}`);
    for (const [n, step] of steps.entries()) {
      const how = choose(n, step);
      if (how) await ask("PUT", `/api/incidents/${incident}/steps/${encodeURIComponent(step.id)}`, how);
    }
  };
  const done = { state: "done", note: "" };
  const all = (n) => (n === 2 ? { state: "skipped", note: "Сынақта қажет емес" } : done);
  const made = {};

  await push(program, now, [
    ...["Абай даңғылы", "Сәтбаев көшесі", "Төле би көшесі"].map((street, n) => ({ id: `room-${n}`, street, closed: 0.7 + n / 10 })),
    { id: "room-3", street: "Төле би көшесі", closed: 0.9 },
  ]);
  const queue = () => ask("GET", "/api/alarms?rule=traffic.lanes&limit=50");
  let alarms = [];
  while (alarms.length < 3) {
    await new Promise((wait) => setTimeout(wait, 300));
    ({ alarms } = await queue());
  }
  made.alarm = alarms.find((a) => a.state === "open").id;
  await ask("POST", `/api/alarms/${alarms.find((a) => a.id !== made.alarm && a.state === "open").id}/acknowledge`, { note: "Патруль жолда" });

  made.open = (await ask("POST", "/api/incidents", { title: "Абай даңғылы мен Сейфуллин көшесінің қиылысында жылу құбыры жарылды", kind: "heat-failure", severity: "severe", place: "bostandyk", lon: 76.93, lat: 43.24, alarms: [made.alarm], start: true })).id;
  await settle(made.open, (n) => (n === 0 ? done : n === 2 ? { state: "skipped", note: "Жол бөгелмеген" } : null));
  await ask("POST", `/api/incidents/${made.open}/actions`, { action: "participant", text: "education" });
  await ask("POST", `/api/incidents/${made.open}/actions`, { action: "note", text: "Бригада орнында, су тоқтатылды" });
  made.closed = (await ask("POST", "/api/incidents", { title: "Смог над центром", kind: "smog-day", severity: "moderate", place: "bostandyk", alarms: [], start: true })).id;
  await settle(made.closed, all);
  await ask("POST", `/api/incidents/${made.closed}/actions`, { action: "close", cause: "Штиль и выбросы котельных", lesson: "Предупреждать школы накануне", outcome: "Норма восстановлена за сутки" });

  made.overdue = (await ask("POST", "/api/decisions", { text: "Жылусыз үйлердің тізімін жаңарту", function: "housing-inspection", deadline: new Date(Date.parse(now()) + 2000).toISOString(), incident: made.open, indicator: "air.pm25_mean" })).id;
  await ask("POST", "/api/decisions", { text: "Заменить участок трубы между камерами 14 и 15", function: "communal-infrastructure", deadline: day(4), incident: made.open });
  const finished = (await ask("POST", "/api/decisions", { text: "Warn the schools of the district", function: "education", deadline: day(1) })).id;
  await ask("PUT", `/api/decisions/${finished}`, { progress: 100, explanation: "All 14 schools were called", state: "done" });

  await ask("POST", "/api/journal", { kind: "note", text: "Смена началась; связь проверена" });
  await ask("POST", "/api/journal", { kind: "handover", text: "Жылу оқиғасы ашық, бригада орнында; тізімді таңға дейін жаңарту керек", next: "Ерлан Омаров" });
  await ask("POST", "/api/journal/duty", { function: "civil-defence", post: "duty", person: "Айгерім Сәрсен", phone: "+7 701 000 00 01", from_at: day(-0.2), to_at: day(0.3) });
  await ask("POST", "/api/journal/duty", { function: "communal-infrastructure", post: "acting_head", person: "Ерлан Омаров", from_at: day(-3), to_at: day(5) });

  made.drill = (await ask("POST", "/api/drills", { scenario: "earthquake", seed: 7 })).id;
  await settle(made.drill, (n) => (n === 0 ? done : null));
  made.played = (await ask("POST", "/api/drills", { scenario: "smog", seed: 3 })).id;
  await settle(made.played, all);
  await ask("POST", `/api/incidents/${made.played}/actions`, { action: "close", cause: "Жаттығу", lesson: "Мектептерге ертерек хабарлау", outcome: "Бәрі орындалды" });

  await new Promise((wait) => setTimeout(wait, 2500));
  made.review = (await ask("POST", "/api/review", { title: "Апталық кеңес", present: "Айгерім Сәрсен, Ерлан Омаров" })).id;
  await ask("POST", `/api/review/${made.review}/minutes`, { item: 0, text: "Тізімді бүгін 18:00-ге дейін беру" });
  await ask("POST", `/api/review/${made.review}/minutes`, { text: "Келесі кеңес — жұмада" });
  return made;
}
