//! The words of pages on paper. Where the screen says the same thing, it says it in these words (`web/src/lib/messages`).

use qala_core::spec::Better;
use qala_core::{Lang, Standing};
use qala_paper::Mark;

/// The same words in Kazakh, Russian and English.
pub(super) type Phrase = [&'static str; 3];

pub(super) fn say(lang: Lang, phrase: Phrase) -> &'static str {
    match lang {
        Lang::Kk => phrase[0],
        Lang::Ru => phrase[1],
        Lang::En => phrase[2],
    }
}

/// A phrase with its gaps filled, `{name}` by name.
pub(super) fn fill(lang: Lang, phrase: Phrase, parts: &[(&str, &str)]) -> String {
    let start = say(lang, phrase).to_owned();
    parts.iter().fold(start, |text, (name, part)| {
        text.replace(&format!("{{{name}}}"), part)
    })
}

/// Which form a number takes: in Russian one of three, in English one of two, in Kazakh always the last.
pub(super) fn plural(
    lang: Lang,
    n: usize,
    russian: [&'static str; 3],
    english: [&'static str; 2],
) -> &'static str {
    match lang {
        Lang::Kk => "",
        Lang::Ru => match (n % 10, n % 100) {
            (_, 11..=14) => russian[2],
            (1, _) => russian[0],
            (2..=4, _) => russian[1],
            _ => russian[2],
        },
        Lang::En => english[usize::from(n != 1)],
    }
}

/// A text with a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(super) fn state(mark: Mark) -> Phrase {
    match mark {
        Mark::On => ["қалыпты", "в норме", "on target"],
        Mark::Watch => ["назарда", "внимание", "watch"],
        Mark::Off => ["қалыптан тыс", "не в норме", "off target"],
        Mark::Unknown => ["белгісіз", "неизвестно", "unknown"],
        Mark::Aimless => ["мақсат қойылмаған", "цель не задана", "no target set"],
    }
}

pub(super) const SUPPRESSED: Phrase = ["жасырылған", "скрыто", "suppressed"];

pub(super) fn reason(reason: Option<&str>) -> Phrase {
    match reason {
        Some("no_rows") => [
            "Мән жоқ: бұл кезеңге бірде-бір жол келмеді",
            "Значения нет: за этот период не пришло ни одной строки",
            "No value: no rows came for this period",
        ],
        Some("low_coverage") => [
            "Мән жоқ: келген жолдар сенуге аз",
            "Значения нет: пришло слишком мало строк, чтобы ему верить",
            "No value: too few rows came to trust one",
        ],
        Some("no_run") => [
            "Мән жоқ: бұл кезеңде модель жүргізілмеді",
            "Значения нет: за этот период не было прогона модели",
            "No value: the model was not run in this period",
        ],
        Some("not_computable") => [
            "Мән жоқ: бұл жолдардан есептеп шығару мүмкін емес",
            "Значения нет: из этих строк его нельзя вычислить",
            "No value: it cannot be computed from these rows",
        ],
        Some("suppressed") => [
            "Мән жасырылған: жолдар өте аз, адамды тануға болар еді",
            "Значение скрыто: строк так мало, что можно узнать человека",
            "Suppressed: so few rows that somebody could be recognised",
        ],
        _ => ["Мән жоқ", "Значения нет", "No value"],
    }
}

pub(super) const NEVER: Phrase = [
    "Мән әлі жоқ: бұл көрсеткіш есептелмеген",
    "Значения пока нет: показатель ещё не вычислялся",
    "No value yet: this indicator has not been computed",
];

pub(super) fn better(better: Better) -> Phrase {
    match better {
        Better::Lower => ["аз болғаны жақсы", "меньше — лучше", "less is better"],
        Better::Higher => ["көп болғаны жақсы", "больше — лучше", "more is better"],
        Better::Neither => [
            "көп те, аз да жақсы емес",
            "ни больше, ни меньше не лучше",
            "neither more nor less is better",
        ],
    }
}

/// The sign before a target.
pub(super) fn sign(better: Better) -> &'static str {
    match better {
        Better::Lower => "≤\u{a0}",
        Better::Higher => "≥\u{a0}",
        Better::Neither => "",
    }
}

/// A change as a share, with its sign; nothing where a share says nothing. Nobody reads more than tenfold as a share.
pub(super) fn signed(lang: Lang, share: f64) -> Option<String> {
    if !share.is_finite() {
        return None;
    }
    let percent = (share * 100.0).round().clamp(-999.0, 999.0);
    let sign = if percent > 0.0 { "+" } else { "" };
    let blank = if lang == Lang::En { "" } else { "\u{202f}" };
    Some(format!(
        "{sign}{}{blank}%",
        qala_paper::rounded(lang, percent, None)
    ))
}

pub(super) fn subject(subject: &str) -> Option<Phrase> {
    Some(match subject {
        "air" => ["Ауа", "Воздух", "Air"],
        "traffic" => ["Жол қозғалысы", "Дорожное движение", "Traffic"],
        "transit" => ["Қоғамдық көлік", "Общественный транспорт", "Public transport"],
        "safety" => ["Қауіпсіздік", "Безопасность", "Safety"],
        "crime" => ["Қылмыс", "Преступность", "Crime"],
        "schools" => ["Мектептер", "Школы", "Schools"],
        "population" => ["Халық", "Население", "Population"],
        "budget" => ["Бюджет", "Бюджет", "Budget"],
        "projects" => ["Жобалар", "Проекты", "Projects"],
        "appeals" => ["Өтініштер", "Обращения", "Appeals"],
        "organisation" => ["Ұйым", "Организация", "Organisation"],
        "assets" => ["Мүлік", "Имущество", "Assets"],
        _ => return None,
    })
}

pub(super) const SIMULATED: Phrase = ["модельдік деректер", "модельные данные", "simulated data"];
pub(super) const SIMULATED_NOTE: Phrase = [
    "Модельдік дерек: есептеп шығарылған, өлшенбеген.",
    "Модельные данные: рассчитаны, а не измерены.",
    "Simulated data: made by a model, not measured.",
];
pub(super) const TARGET: Phrase = ["Мақсат", "Цель", "Target"];
pub(super) const LIMIT: Phrase = ["Шек", "Предел", "Limit"];
pub(super) const VALUE: Phrase = ["Мәні", "Значение", "Value"];
pub(super) const STATE: Phrase = ["Күйі", "Состояние", "State"];
pub(super) const DISTRICT: Phrase = ["Аудан", "Район", "District"];
pub(super) const BY_DISTRICT: Phrase = ["Аудандар бойынша", "По районам", "By district"];
pub(super) const BEFORE: Phrase = ["Алдыңғы кезеңде", "За прошлый период", "The period before"];
pub(super) const SINCE: Phrase = ["{time} бастап", "с {time}", "since {time}"];
pub(super) const SINCE_AT_LEAST: Phrase = [
    "кемінде {time} бастап",
    "по меньшей мере с {time}",
    "at least since {time}",
];
pub(super) const SO_FAR: Phrase = [
    "әзірге: кезең аяқталған жоқ",
    "пока: период не закончился",
    "so far: the period has not ended",
];
pub(super) const LIMITS_NOTE: Phrase = [
    "Көк жолақ — {n} мән бойынша әдеттегі шектер; одан тыс мәндер саны: {out}",
    "Голубая полоса — обычные границы по {n} значениям; за ними значений: {out}",
    "The blue band is what is usual, by {n} values; beyond it: {out}",
];
pub(super) const TREND_ALT: Phrase = [
    "{title}: {from} – {to} аралығындағы {n} мәннің графигі. Ең азы {low}, ең көбі {high}, соңғысы {last}.",
    "{title}: график значений с {from} по {to}, их {n}. Наименьшее {low}, наибольшее {high}, последнее {last}.",
    "{title}: a chart of {n} values from {from} to {to}. The lowest is {low}, the highest {high}, the last {last}.",
];
pub(super) const MAP_ALT: Phrase = [
    "Аудандар картасы, әр аудан өз күйінің белгісімен; мәндері кестеде.",
    "Карта районов, каждый со знаком своего состояния; значения в таблице.",
    "A map of the districts, each with the mark of its state; the values are in the table.",
];
pub(super) const NO_LINE: Phrase = [
    "Бұл аралықта мән жоқ.",
    "За этот промежуток значений нет.",
    "There are no values in this range.",
];

pub(super) const DECISION: Phrase = ["Шешімі", "Решение", "Decision"];
pub(super) const FORMULA: Phrase = ["Формуласы", "Формула", "Formula"];
pub(super) const FORMULA_RATIO: Phrase = [
    "{numerator} ÷ {denominator} = {value}; есептелген жолдар саны: {n}",
    "{numerator} ÷ {denominator} = {value}; вычислено из строк: {n}",
    "{numerator} ÷ {denominator} = {value}; computed from {n} rows",
];
pub(super) const FORMULA_PLAIN: Phrase = [
    "{id} көрсеткішінің {version}-нұсқасы, қоймадағы кестелерге SQL сұрауымен: {tables}",
    "показатель {id}, версия {version}, запросом SQL к таблицам: {tables}",
    "indicator {id}, version {version}, by SQL from the tables {tables}",
];
pub(super) const OWNER: Phrase = ["Жауапты", "Отвечает", "Owner"];
pub(super) const SOURCES: Phrase = ["Дереккөздер", "Источники", "Sources"];
pub(super) const SOURCE: Phrase = [
    "{feed} (соңғы хабарлама {time})",
    "{feed} (последнее сообщение {time})",
    "{feed} (last message {time})",
];
pub(super) const SOURCES_MORE: Phrase = ["тағы {n}", "и ещё {n}", "and {n} more"];
pub(super) const COVERAGE: Phrase = ["Толықтығы", "Полнота", "Coverage"];
pub(super) const AS_OF: Phrase = ["Жағдайы", "По состоянию", "As of"];
pub(super) const AS_OF_VALUE: Phrase = [
    "есептелген {time}, журналдағы орны {seq}; бет жасалған {made}",
    "вычислено {time}, место в журнале {seq}; страница сделана {made}",
    "computed {time}, place in the log {seq}; page made {made}",
];
pub(super) const KNOWN: Phrase = [
    "{time} кезінде белгілі болғандай",
    "как было известно {time}",
    "as it was known on {time}",
];

pub(super) const NOW_OFF: Phrase = [
    "Қалыптан тыс және назарда",
    "Не в норме и требуют внимания",
    "Off target and to watch",
];
pub(super) const NOW_CALM: Phrase = [
    "Қалыптан тыс ештеңе жоқ. Тыныш.",
    "Вне нормы ничего нет. Спокойно.",
    "Nothing is off target. All calm.",
];
pub(super) const NOW_UNKNOWN: Phrase = [
    "Бұл уақытта бірде-бір көрсеткіштің бағасы жоқ: ештеңе айтуға болмайды.",
    "Ни по одному показателю на это время нет оценки: сказать нечего.",
    "No indicator is judged for this time: nothing can be said.",
];
pub(super) const NOW_CHANGED: Phrase = [
    "Алдыңғы кезеңнен бері не өзгерді",
    "Что изменилось с прошлого периода",
    "Changed since the period before",
];
pub(super) const NOW_CHANGED_NONE: Phrase = [
    "Алдыңғы кезеңнен бері көп өзгерген ештеңе жоқ.",
    "С прошлого периода ничто заметно не изменилось.",
    "Nothing has changed much since the period before.",
];
pub(super) const NOW_STOPPED: Phrase = ["Хабарламай қойғандар", "Перестали сообщать", "Stopped reporting"];
pub(super) const NOW_STOPPED_NONE: Phrase = [
    "Тоқтаған арна жоқ, хабарлап тұрғаны: {n}.",
    "Никто не замолчал, сообщают: {n}.",
    "No feed has stopped; {n} report.",
];
pub(super) const NOW_EMPTY: Phrase = ["Әлі мән жоқ", "Значений пока нет", "There are no values yet"];
pub(super) const INDICATOR: Phrase = ["Көрсеткіш", "Показатель", "Indicator"];
pub(super) const SINCE_HEAD: Phrase = ["Қашаннан бері", "С какого времени", "Since"];
pub(super) const DISTRICTS_OFF: Phrase = [
    "Қалыптан тыс аудандар",
    "Районы не в норме",
    "Districts off target",
];
pub(super) const FROM_TO: Phrase = ["Алдыңғысы → қазіргісі", "Было → стало", "From → to"];
pub(super) const CHANGE: Phrase = ["Өзгеріс", "Изменение", "Change"];
pub(super) const PERIOD: Phrase = ["Кезең", "Период", "Period"];
pub(super) const WORSE: Phrase = ["нашарлады", "хуже", "worse"];
pub(super) const BETTER: Phrase = ["жақсарды", "лучше", "better"];
pub(super) const FEED: Phrase = ["Арна", "Источник", "Feed"];
pub(super) const LAST: Phrase = ["Соңғы хабарлама", "Последнее сообщение", "Last message"];
pub(super) const STOPPED: Phrase = ["тоқтады", "замолчал", "stopped"];
pub(super) const LATE: Phrase = ["кешігіп тұр", "опаздывает", "late"];
pub(super) const SILENT_DEVICES: Phrase = [
    "үнсіз құрылғы: {n} / {all}",
    "молчат устройства: {n} из {all}",
    "silent devices: {n} of {all}",
];
pub(super) const NOW_READ: Phrase = [
    "{time} жағдайы бойынша, журналдағы орны {seq}; бет жасалған {made}",
    "на {time}, место в журнале {seq}; страница сделана {made}",
    "of {time}, place in the log {seq}; page made {made}",
];

pub(super) fn standing(standing: Standing) -> Phrase {
    match standing {
        Standing::Stopped => STOPPED,
        _ => LATE,
    }
}

/// The first sentence of the page of now.
pub(super) fn headline(
    lang: Lang,
    n: usize,
    off: usize,
    districts: usize,
    watch: usize,
    on: usize,
) -> String {
    let number = |n: usize| qala_paper::count(lang, n as i64);
    if off > 0 {
        return match lang {
            Lang::Kk => format!(
                "{} көрсеткіштің ішінде {} көрсеткіш қалыптан тыс",
                number(n),
                number(off)
            ),
            Lang::Ru => format!(
                "{} из {} {} не в норме",
                number(off),
                number(n),
                plural(lang, n, ["показателя", "показателей", "показателей"], ["", ""])
            ),
            Lang::En => format!(
                "{} of {} indicators {} off target",
                number(off),
                number(n),
                plural(lang, off, ["", "", ""], ["is", "are"])
            ),
        };
    }
    if districts > 0 {
        return match lang {
            Lang::Kk => format!(
                "Қала бойынша қалыптан тыс көрсеткіш жоқ; қалыптан тыс мәні бар аудан саны: {}",
                number(districts)
            ),
            Lang::Ru => format!(
                "По городу вне нормы ничего нет; не в норме — в {} {}",
                number(districts),
                plural(lang, districts, ["районе", "районах", "районах"], ["", ""])
            ),
            Lang::En => format!(
                "City-wide nothing is off target; in {} {} something is",
                number(districts),
                plural(lang, districts, ["", "", ""], ["district", "districts"])
            ),
        };
    }
    let (n, watch, on) = (number(n), number(watch), number(on));
    let phrase = if watch != "0" {
        [
            "Қалыптан тыс көрсеткіш жоқ; {n} көрсеткіштің ішінде {watch} көрсеткіш назарда",
            "Вне нормы ничего нет; из {n} показателей внимания требуют {watch}",
            "Nothing is off target; {watch} of {n} to watch",
        ]
    } else if on != "0" {
        [
            "Қалыптан тыс көрсеткіш жоқ: {n} көрсеткіштің ішінде {on} көрсеткіш қалыпты",
            "Вне нормы ничего нет: {on} из {n} показателей в норме",
            "Nothing is off target: {on} of {n} indicators on target",
        ]
    } else {
        [
            "Баға беретін ештеңе жоқ: {n} көрсеткіштің ішінде мәні де, мақсаты да бар біреуі жоқ",
            "Оценить нечего: ни у одного из {n} показателей нет сразу значения и цели",
            "Nothing to judge: none of {n} indicators has both a value and a target",
        ]
    };
    fill(lang, phrase, &[("n", &n), ("watch", &watch), ("on", &on)])
}

pub(super) const REST: [(Mark, Phrase); 4] = [
    (Mark::Watch, ["назарда: {n}", "внимание: {n}", "{n} to watch"]),
    (Mark::On, ["қалыпты: {n}", "в норме: {n}", "{n} on target"]),
    (
        Mark::Unknown,
        ["мәні жоқ: {n}", "без значения: {n}", "{n} without a value"],
    ),
    (
        Mark::Aimless,
        [
            "мақсат қойылмаған: {n}",
            "цель не задана: {n}",
            "{n} without a target",
        ],
    ),
];
