//! The budget classification of the simulated city: functional group, subgroup, administrator, programme, specific
//! (METHODS section 7), written `GG.S.AAA.PPP.EEE`. Names of groups follow the state's; programmes are not real.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::super::dice::Dice;
use super::super::facts::DISTRICTS;

/// A functional group.
pub(super) struct Group {
    pub(super) code: &'static str,
    names: [&'static str; 3],
    /// Share of the budget. Education 17.4 %, transport 18 %, networks 14.3 % and transfers to the state 17.6 % of 2.8 trillion
    /// (CITY-FACTS section 5); the rest is an assumption.
    pub(super) share: f64,
    /// Share of it that is built rather than run, such that development is 30.4 % of all (CITY-FACTS section 5).
    pub(super) works: f64,
    programmes: usize,
    function: &'static str,
}

const fn group(
    code: &'static str,
    names: [&'static str; 3],
    share: f64,
    works: f64,
    programmes: usize,
    function: &'static str,
) -> Group {
    Group {
        code,
        names,
        share,
        works,
        programmes,
        function,
    }
}

/// 13 groups with 120 programmes (CITY-FACTS section 11).
pub(super) const GROUPS: [Group; 13] = [
    group(
        "01",
        [
            "Жалпы сипаттағы мемлекеттік қызметтер",
            "Государственные услуги общего характера",
            "General public services",
        ],
        4.0,
        0.0,
        12,
        "economy",
    ),
    group(
        "02",
        ["Қорғаныс", "Оборона", "Defence"],
        1.0,
        0.0,
        4,
        "civil-defence",
    ),
    group(
        "03",
        [
            "Қоғамдық тәртіп және қауіпсіздік",
            "Общественный порядок и безопасность",
            "Public order and safety",
        ],
        3.0,
        0.0,
        6,
        "public-safety",
    ),
    group(
        "04",
        ["Білім беру", "Образование", "Education"],
        17.4,
        0.15,
        16,
        "education",
    ),
    group(
        "05",
        ["Денсаулық сақтау", "Здравоохранение", "Health"],
        6.0,
        0.2,
        10,
        "health",
    ),
    group(
        "06",
        ["Әлеуметтік көмек", "Социальная помощь", "Social assistance"],
        7.0,
        0.0,
        12,
        "social-protection",
    ),
    group(
        "07",
        [
            "Тұрғын үй-коммуналдық шаруашылық",
            "Жилищно-коммунальное хозяйство",
            "Housing and communal services",
        ],
        14.3,
        0.7,
        16,
        "communal-infrastructure",
    ),
    group(
        "08",
        ["Мәдениет және спорт", "Культура и спорт", "Culture and sport"],
        4.0,
        0.3,
        10,
        "internal-policy",
    ),
    group(
        "09",
        ["Отын-энергетика", "Топливо и энергетика", "Fuel and energy"],
        3.0,
        0.7,
        5,
        "communal-infrastructure",
    ),
    group(
        "10",
        ["Қоршаған орта", "Окружающая среда", "Environment"],
        2.0,
        0.0,
        6,
        "air-quality",
    ),
    group(
        "11",
        [
            "Сәулет және құрылыс",
            "Архитектура и строительство",
            "Architecture and construction",
        ],
        3.0,
        0.5,
        6,
        "architecture",
    ),
    group(
        "12",
        ["Көлік және коммуникация", "Транспорт и коммуникации", "Transport"],
        18.0,
        0.65,
        12,
        "road-infrastructure",
    ),
    group(
        "13",
        [
            "Басқалар және трансферттер",
            "Прочие и трансферты",
            "Other and transfers",
        ],
        17.3,
        0.0,
        5,
        "finance",
    ),
];
/// Groups whose last eight programmes are run by the districts.
const OF_DISTRICTS: [usize; 3] = [0, 6, 11];

/// What money is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Specific {
    Wages,
    Utilities,
    Services,
    Works,
    Transfers,
}

impl Specific {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Wages => "111",
            Self::Utilities => "151",
            Self::Services => "159",
            Self::Works => "431",
            Self::Transfers => "511",
        }
    }

    fn names(self) -> [&'static str; 3] {
        match self {
            Self::Wages => ["Еңбекақы", "Оплата труда", "Wages"],
            Self::Utilities => ["Коммуналдық қызметтер", "Коммунальные услуги", "Utilities"],
            Self::Services => [
                "Өзге қызметтер мен жұмыстар",
                "Прочие услуги и работы",
                "Other services",
            ],
            Self::Works => [
                "Құрылыс және жөндеу",
                "Строительство и ремонт",
                "Construction and repair",
            ],
            Self::Transfers => ["Трансферттер", "Трансферты", "Transfers"],
        }
    }
}

/// A line of the budget: the lowest level of the classification.
#[derive(Debug, Clone)]
pub(in super::super) struct Line {
    pub(super) code: String,
    pub(super) specific: Specific,
    /// Share of the budget.
    pub(super) weight: f64,
    pub(super) administrator: String,
    group: usize,
    /// Position of the programme among the 120.
    pub(super) programme: usize,
    programme_kind: Specific,
    district: Option<usize>,
}

/// Draws the lines: programmes of 25 administrators and eight districts.
pub(super) fn draw(seed: u64) -> Vec<Line> {
    let dice = Dice::new(seed, "city/budget/lines");
    let mut lines = Vec::new();
    let mut number = 0;
    for (index, group) in GROUPS.iter().enumerate() {
        let central = if OF_DISTRICTS.contains(&index) {
            group.programmes - DISTRICTS.len()
        } else {
            group.programmes
        };
        let kind = |p: usize| match group.code {
            "13" => Specific::Transfers,
            "06" if p % 3 != 0 => Specific::Transfers,
            _ if group.works > 0.0 && p % 3 == 2 && p < central => Specific::Works,
            _ => Specific::Services,
        };
        let works = (0..group.programmes).filter(|p| kind(*p) == Specific::Works);
        let sizes: Vec<f64> = (0..group.programmes)
            .map(|p| dice.between(number + p, 0, 0.4, 1.6))
            .collect();
        let of_works: f64 = works.map(|p| sizes[p]).sum();
        let of_rest: f64 = sizes.iter().sum::<f64>() - of_works;
        for (p, size) in sizes.iter().enumerate() {
            let district = p.checked_sub(central);
            // The first twelve groups have two administrators each, the last has one.
            let administrator = match district {
                Some(d) => format!("{}", 801 + d),
                None => format!("{}", 351 + 2 * index + usize::from(index < 12 && p % 2 == 1)),
            };
            let head = format!(
                "{}.{}.{administrator}.{:03}",
                group.code,
                1 + p * 3 / group.programmes,
                p + 1
            );
            let programme_kind = kind(p);
            let (parts, share): (&[(Specific, f64)], f64) = match programme_kind {
                Specific::Works => (&[(Specific::Works, 1.0)], group.works / of_works),
                Specific::Transfers => (&[(Specific::Transfers, 1.0)], (1.0 - group.works) / of_rest),
                _ => (
                    &[
                        (Specific::Wages, 0.55),
                        (Specific::Utilities, 0.12),
                        (Specific::Services, 0.33),
                    ],
                    (1.0 - group.works) / of_rest,
                ),
            };
            for (specific, part) in parts {
                lines.push(Line {
                    code: format!("{head}.{}", specific.code()),
                    specific: *specific,
                    weight: group.share * share * size * part,
                    administrator: administrator.clone(),
                    group: index,
                    programme: number,
                    programme_kind,
                    district,
                });
            }
            number += 1;
        }
    }
    lines
}

/// The classification as a table: each code of each level, with its parent.
pub(super) fn list(lines: &[Line]) -> String {
    let mut text = String::from("code,level,parent,name_kk,name_ru,name_en,function_id,place_id\n");
    let mut written: BTreeSet<String> = BTreeSet::new();
    for line in lines {
        let parts: Vec<&str> = line.code.split('.').collect();
        let group = &GROUPS[line.group];
        for level in 1..=parts.len() {
            let code = parts[..level].join(".");
            if !written.insert(code.clone()) {
                continue;
            }
            let names = match level {
                1 => group.names.map(str::to_owned),
                2 => [
                    format!("{}-кіші топ", parts[1]),
                    format!("Подгруппа {}", parts[1]),
                    format!("Subgroup {}", parts[1]),
                ],
                3 => administrator(&line.administrator, line.district),
                4 => {
                    let [kk, ru, en] = match line.programme_kind {
                        Specific::Services => ["ағымдағы қызмет", "текущая деятельность", "current services"],
                        kind => kind.names(),
                    };
                    let number = parts[3];
                    [
                        format!("{number}-бағдарлама: {kk}"),
                        format!("Программа {number}: {ru}"),
                        format!("Programme {number}: {en}"),
                    ]
                }
                _ => line.specific.names().map(str::to_owned),
            };
            let place = line
                .district
                .filter(|_| level >= 3)
                .map_or("", |d| DISTRICTS[d].id);
            let [kk, ru, en] = names;
            let _ = writeln!(
                text,
                "{code},{level},{},{kk},{ru},{en},{},{place}",
                parts[..level - 1].join("."),
                group.function
            );
        }
    }
    text
}

fn administrator(code: &str, district: Option<usize>) -> [String; 3] {
    match district {
        Some(d) => {
            let [kk, ru, en] = DISTRICTS[d].names;
            [
                format!("{kk} әкімінің аппараты"),
                format!("Аппарат акима: {ru}"),
                format!("Office of the akim: {en}"),
            ]
        }
        None => [
            format!("{code}-бағдарламалар әкімшісі"),
            format!("Администратор программ {code}"),
            format!("Programme administrator {code}"),
        ],
    }
}
