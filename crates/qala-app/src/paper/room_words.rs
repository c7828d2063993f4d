//! The words of the morning page and of minutes.

use super::words::Phrase;

pub(super) const MORNING: Phrase = ["Таңғы бет", "Утренняя страница", "Morning page"];
pub(super) const WHOLE_CITY: Phrase = [
    "Әкімге: бүкіл қала",
    "Акиму: весь город",
    "For the mayor: the whole city",
];
pub(super) const MORNING_CALM: Phrase = [
    "Шектен шыққан көрсеткіш те, мерзімі өткен тапсырма да жоқ",
    "Нет ни показателей вне нормы, ни просроченных поручений",
    "Nothing is off target and nothing is overdue",
];
pub(super) const MORNING_HEAD: Phrase = [
    "Қалыптан тыс: {off}; мерзімі өткен тапсырма: {overdue}; жүріп жатқан оқиға: {incidents}",
    "Вне нормы: {off}; просрочено поручений: {overdue}; идёт инцидентов: {incidents}",
    "Off target: {off}; overdue assignments: {overdue}; incidents under way: {incidents}",
];
pub(super) const ASSIGNMENTS: Phrase = ["Тапсырмалар", "Поручения", "Assignments"];
pub(super) const ASSIGNMENTS_NONE: Phrase = [
    "Мерзімі өткен не жеті күнде бітетін тапсырма жоқ.",
    "Нет просроченных и истекающих за семь дней.",
    "None is overdue or due within seven days.",
];
pub(super) const INCIDENTS: Phrase = ["Оқиғалар", "Инциденты", "Incidents"];
pub(super) const INCIDENTS_NONE: Phrase = [
    "Жүріп жатқан және кешеден бері жабылған оқиға жоқ.",
    "Нет идущих и закрытых за сутки.",
    "None is under way, none was closed since yesterday.",
];
pub(super) const ASSIGNMENT: Phrase = ["Тапсырма", "Поручение", "Assignment"];
pub(super) const RESPONSIBLE: Phrase = ["Жауапты", "Ответственный", "Responsible"];
pub(super) const DEADLINE: Phrase = ["Мерзімі", "Срок", "Deadline"];
pub(super) const PROGRESS: Phrase = ["Орындалуы", "Выполнено", "Progress"];
pub(super) const EXPLANATION: Phrase = ["Түсініктеме", "Объяснение", "Explanation"];
pub(super) const INCIDENT: Phrase = ["Оқиға", "Инцидент", "Incident"];
pub(super) const SINCE: Phrase = ["Басталды", "Начало", "Since"];
pub(super) const PLACE: Phrase = ["Орны", "Место", "Place"];
pub(super) const OUTCOME: Phrase = ["Нәтижесі", "Итог", "Outcome"];
pub(super) const OPEN: Phrase = ["жүріп жатыр", "идёт", "open"];
pub(super) const CONTAINED: Phrase = ["оқшауланды", "локализован", "contained"];
pub(super) const CLOSED: Phrase = ["жабылды", "закрыт", "closed"];
pub(super) const OVERDUE: Phrase = ["мерзімі өтті", "просрочено", "overdue"];
pub(super) const DUE: Phrase = ["орындалуда", "в работе", "to be done"];
pub(super) const DONE: Phrase = ["орындалды", "сделано", "done"];
pub(super) const OFF_TARGET: Phrase = ["қалыптан тыс", "вне нормы", "off target"];
pub(super) const WATCH: Phrase = ["назарда", "внимание", "watch"];
pub(super) const MINUTES: Phrase = ["Кеңес хаттамасы", "Протокол совещания", "Minutes of the review"];
pub(super) const PRESENT: Phrase = ["Қатысқандар", "Присутствовали", "Present"];
pub(super) const HELD: Phrase = ["Өткізілді", "Проведено", "Held"];
pub(super) const AGENDA: Phrase = ["Күн тәртібі", "Повестка", "Agenda"];
pub(super) const AGENDA_NONE: Phrase = [
    "Күн тәртібі бос: уәде де, ауытқу да жоқ.",
    "Повестка пуста: нет ни обещаний, ни отклонений.",
    "The agenda is empty: nothing was promised, nothing has left its limits.",
];
pub(super) const AGREED: Phrase = ["Келісілді", "Решили", "Agreed"];
pub(super) const AGREED_NONE: Phrase = ["Шешім жазылмады.", "Решений не записано.", "Nothing was agreed."];
pub(super) const POINT: Phrase = ["Мәселе", "Вопрос", "Point"];
pub(super) const FIGURES: Phrase = ["Сандар", "Цифры", "Figures"];
pub(super) const DRAFT: Phrase = ["ЖОБА", "ПРОЕКТ", "DRAFT"];
pub(super) const TARGET_IS: Phrase = ["нысана {target}", "цель {target}", "target {target}"];
