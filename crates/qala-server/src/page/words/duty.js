// Whom to call about feeds, in three languages.

const rules = new Intl.PluralRules("ru");

const russian = (n, one, few, many) => `${n} ${{ one, few }[rules.select(Number(n))] ?? many}`;
const english = (n, one, many) => `${n} ${Number(n) === 1 ? one : many}`;

export const kk = {
  feeds: "Не хабарламай қойды және кімге қоңырау шалу керек",
  feed_late: "кешігіп тұр",
  feeds_late: "кешігіп тұрған арна саны: {n}",
  lasting_days: "{n} күн",
  lasting_hours: "{n} сағат",
  lasting_minutes: "{n} минут",
  lasting_moment: "бір минуттан аз",
  call_silent: "{age} бойы үнсіз, соңғы хабарламасы {time} келген",
  call_promised: "уәдесі: {every} сайын",
  call_hours: "{from}–{to} аралығында",
  call_hours_working: "жұмыс күндері {from}–{to}",
  call_kept: "{n} күнде орындалғаны {share}",
  call_devices: "{all} құрылғының ішінде үнсіз қалғаны: {n}",
  call_device: "{age} бойы үнсіз, {time} уақытынан бері",
  call_never: "Әлі ештеңе келмеген арналар: {n}",
  call_nobody: "Кімге қоңырау шалу керегі жазылмаған",
};

export const ru = {
  feeds: "Что перестало сообщать и кому звонить",
  feed_late: "опаздывает",
  feeds_late: (v) => (rules.select(Number(v.n)) === "one" ? `${v.n} источник опаздывает` : `опаздывают ${russian(v.n, "источник", "источника", "источников")}`),
  lasting_days: (v) => russian(v.n, "день", "дня", "дней"),
  lasting_hours: (v) => russian(v.n, "час", "часа", "часов"),
  lasting_minutes: (v) => russian(v.n, "минуту", "минуты", "минут"),
  lasting_moment: "меньше минуты",
  call_silent: "молчит {age}, последнее сообщение {time}",
  call_promised: "обещано каждые {every}",
  call_hours: "с {from} до {to}",
  call_hours_working: "по рабочим дням с {from} до {to}",
  call_kept: "за {n} дней выполнено {share}",
  call_devices: "Замолчали устройства: {n} из {all}",
  call_device: "молчит {age}, с {time}",
  call_never: (v) => `Ещё ничего не пришло: ${russian(v.n, "источник", "источника", "источников")}`,
  call_nobody: "Кому звонить, не записано",
};

export const en = {
  feeds: "What stopped reporting and whom to call",
  feed_late: "late",
  feeds_late: (v) => `${english(v.n, "feed is", "feeds are")} late`,
  lasting_days: (v) => english(v.n, "day", "days"),
  lasting_hours: (v) => english(v.n, "hour", "hours"),
  lasting_minutes: (v) => english(v.n, "minute", "minutes"),
  lasting_moment: "less than a minute",
  call_silent: "silent for {age}, last message {time}",
  call_promised: "promised every {every}",
  call_hours: "from {from} to {to}",
  call_hours_working: "on working days from {from} to {to}",
  call_kept: "{share} kept in {n} days",
  call_devices: "Silent devices: {n} of {all}",
  call_device: "silent for {age}, since {time}",
  call_never: (v) => `Nothing has ever come: ${english(v.n, "feed", "feeds")}`,
  call_nobody: "Whom to call is not written down",
};
