// Words of the table page. What other pages say too lies in ../words/.

import { language } from "../i18n.js";

const rules = new Intl.PluralRules("ru");
const plural = (n, one, few, many) => ({ one, few })[rules.select(Number(n))] ?? many;

const WORDS = {
  kk: {
    data: "Деректер",
    about: "Орталықтағы кестелер. Әр жолдың қай хабарламадан келгені көрінеді.",
    only_filled: "Жолы бар кестелер ғана",
    find_table: "Кестені іздеу",
    rows: (v) => `${v.n} жол`,
    range: (v) => `${v.from}–${v.to} / ${v.all}`,
    find: "Жолдардан іздеу",
    source: "Хабарлама",
    back: "Барлық кестелер",
    previous: "Алдыңғы",
    next: "Келесі",
    sort: (v) => `${v.title}: реттеу`,
    hidden: (v) => `${v.n} баған тек қызметкерлерге көрінеді.`,
    nothing: "Бұл кестеде жол жоқ. Файлды осылай қосуға болады:",
    nothing_found: "Мұндай жол жоқ.",
    clear: "Іздеуді тазалау",
    missing: "Мұндай кесте жоқ.",
    yes: "иә",
    no: "жоқ",
    own: "Өз кестелеріңіз",
  },
  ru: {
    data: "Данные",
    about: "Таблицы центра. У каждой строки видно, с каким сообщением она пришла.",
    only_filled: "Только таблицы, в которых есть строки",
    find_table: "Найти таблицу",
    rows: (v) => `${v.n} ${plural(v.number, "строка", "строки", "строк")}`,
    range: (v) => `${v.from}–${v.to} из ${v.all}`,
    find: "Найти в строках",
    source: "Сообщение",
    back: "Все таблицы",
    previous: "Назад",
    next: "Дальше",
    sort: (v) => `${v.title}: упорядочить`,
    hidden: (v) => `${v.n} ${plural(v.n, "столбец виден", "столбца видны", "столбцов видны")} только сотрудникам.`,
    nothing: "В этой таблице нет строк. Файл добавляют так:",
    nothing_found: "Таких строк нет.",
    clear: "Очистить поиск",
    missing: "Такой таблицы нет.",
    yes: "да",
    no: "нет",
    own: "Ваши таблицы",
  },
  en: {
    data: "Data",
    about: "The centre's tables. Each row tells which message it came in.",
    only_filled: "Only tables that have rows",
    find_table: "Find a table",
    rows: (v) => (v.number === 1 ? "1 row" : `${v.n} rows`),
    range: (v) => `${v.from}–${v.to} of ${v.all}`,
    find: "Find in rows",
    source: "Message",
    back: "All tables",
    previous: "Back",
    next: "Next",
    sort: (v) => `${v.title}: sort`,
    hidden: (v) => (v.n === 1 ? "1 column is for staff only." : `${v.n} columns are for staff only.`),
    nothing: "This table has no rows. A file is added like this:",
    nothing_found: "There are no such rows.",
    clear: "Clear the search",
    missing: "There is no such table.",
    yes: "yes",
    no: "no",
    own: "Your own tables",
  },
};

/** A phrase of this page. */
export function w(key, values = {}) {
  const phrase = WORDS[language()][key];
  return typeof phrase === "function" ? phrase(values) : phrase;
}
