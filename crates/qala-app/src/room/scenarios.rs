//! The scenarios of drills.

use qala_registry::Severity;

/// Seconds after the start, seconds by which that may vary, the range of `{n}`, the words. `{place}` is a district.
pub(super) type Happening = (u32, u32, (u32, u32), [&'static str; 3]);

/// A scenario: which procedure it tries, and what happens in it.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its id.
    pub id: &'static str,
    /// The procedure.
    pub procedure: &'static str,
    /// Title in Kazakh, Russian and English.
    pub title: [&'static str; 3],
    pub(super) severity: Severity,
    pub(super) events: &'static [Happening],
}

/// The scenarios.
pub static SCENARIOS: [Scenario; 4] = [
    Scenario {
        id: "smog",
        procedure: "smog-day",
        title: [
            "Жаттығу: түтін басқан күн",
            "Учение: день смога",
            "Drill: smog day",
        ],
        severity: Severity::Moderate,
        events: &[
            (
                0,
                60,
                (90, 160),
                [
                    "{place}: PM2.5 — {n} мкг/м³",
                    "{place}: PM2.5 — {n} мкг/м³",
                    "{place}: PM2.5 at {n} µg/m³",
                ],
            ),
            (
                900,
                300,
                (3, 7),
                [
                    "Шектен асқан бекет саны: {n}",
                    "Постов выше предела: {n}",
                    "{n} stations are above the limit",
                ],
            ),
            (
                2400,
                600,
                (24, 60),
                [
                    "Жел {n} сағаттан кейін ғана көтеріледі",
                    "Ветер поднимется только через {n} часов",
                    "There will be no wind for {n} hours",
                ],
            ),
            (
                4200,
                900,
                (200, 900),
                [
                    "109-ға {n} шағым түсті",
                    "В 109 поступило {n} жалоб",
                    "109 has {n} complaints",
                ],
            ),
            (
                7200,
                900,
                (2, 5),
                [
                    "Жедел жәрдемге шақыру {n} есе көбейді",
                    "Вызовов скорой стало в {n} раза больше",
                    "Ambulance calls rose {n} times",
                ],
            ),
        ],
    },
    Scenario {
        id: "mudflow",
        procedure: "mudflow",
        title: ["Жаттығу: сел", "Учение: сель", "Drill: mudflow"],
        severity: Severity::Extreme,
        events: &[
            (
                0,
                30,
                (80, 220),
                [
                    "Сел бекеті: деңгей {n} см-ге көтерілді",
                    "Селевой пост: уровень поднялся на {n} см",
                    "The post says: the level rose by {n} cm",
                ],
            ),
            (
                240,
                60,
                (2, 6),
                [
                    "Тасқын {place} шетіне {n} минутта жетеді",
                    "Вал дойдёт до края: {place}, через {n} мин",
                    "The flow reaches {place} in {n} minutes",
                ],
            ),
            (
                600,
                120,
                (1, 4),
                [
                    "{n} көпір су астында",
                    "Под водой мостов: {n}",
                    "{n} bridges are under water",
                ],
            ),
            (
                1200,
                300,
                (3, 30),
                ["{n} адам хабарсыз", "Без вести: {n}", "{n} people are missing"],
            ),
            (
                2400,
                600,
                (400, 3000),
                [
                    "{n} үй токсыз",
                    "Без света домов: {n}",
                    "{n} houses have no power",
                ],
            ),
        ],
    },
    Scenario {
        id: "earthquake",
        procedure: "earthquake",
        title: [
            "Жаттығу: жер сілкінісі",
            "Учение: землетрясение",
            "Drill: earthquake",
        ],
        severity: Severity::Extreme,
        events: &[
            (
                0,
                10,
                (5, 8),
                [
                    "Сезілген күші: {n} балл",
                    "Ощутимо: {n} баллов",
                    "Felt with intensity {n}",
                ],
            ),
            (
                300,
                120,
                (2, 9),
                [
                    "{place}: қираған ғимарат саны {n}",
                    "{place}: разрушено зданий: {n}",
                    "{place}: {n} buildings have fallen",
                ],
            ),
            (
                900,
                300,
                (40, 300),
                ["Жаралы саны: {n}", "Пострадавших: {n}", "{n} people are hurt"],
            ),
            (
                1500,
                300,
                (1, 6),
                ["Газ жарылған жер саны: {n}", "Утечек газа: {n}", "{n} gas leaks"],
            ),
            (
                2700,
                600,
                (1, 3),
                [
                    "{n} аурухана жұмыс істемейді",
                    "Не работают больниц: {n}",
                    "{n} hospitals do not work",
                ],
            ),
            (
                4500,
                900,
                (3, 5),
                [
                    "Қайталама дүмпу: {n} балл",
                    "Повторный толчок: {n} балла",
                    "An aftershock of intensity {n}",
                ],
            ),
        ],
    },
    Scenario {
        id: "stadium",
        procedure: "crowd",
        title: [
            "Жаттығу: стадионнан шығу",
            "Учение: выход со стадиона",
            "Drill: exit from the stadium",
        ],
        severity: Severity::Severe,
        events: &[
            (
                0,
                30,
                (12, 30),
                [
                    "Ойын бітті: {n} мың адам шығып жатыр",
                    "Матч окончен: выходит {n} тыс. человек",
                    "The match is over: {n} thousand leave",
                ],
            ),
            (
                300,
                120,
                (3, 7),
                [
                    "Шығу қақпасында {n} адам/м²",
                    "У ворот {n} чел/м²",
                    "{n} people per m² at the gate",
                ],
            ),
            (
                700,
                200,
                (2, 12),
                [
                    "Есінен танғандар: {n}",
                    "Обмороков: {n}",
                    "{n} people have fainted",
                ],
            ),
            (
                1500,
                300,
                (15, 40),
                [
                    "Аялдамада күту {n} минут",
                    "Ожидание на остановке {n} минут",
                    "{n} minutes of waiting at the stop",
                ],
            ),
            (
                2700,
                600,
                (1, 4),
                [
                    "Адасқан бала: {n}",
                    "Потерялось детей: {n}",
                    "{n} children are lost",
                ],
            ),
        ],
    },
];
