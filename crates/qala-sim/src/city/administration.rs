//! The administration as its statutes write it down: bodies, posts, functions with owners, declared indicators; and the faults
//! planted in it, one kind for each rule of the check of organisation.
//!
//! What belongs here: tables as a human-resources office and a register of statutes keep them. What does not: who performs which
//! function of the pack, which is managed in the registry.

use std::fmt::Write;

use super::Shape;
use super::dice::Dice;
use super::facts::DISTRICTS;
use super::truth::CityTruth;

/// Departments (CITY-FACTS section 4); beside them the district administrations.
const DEPARTMENTS: usize = 24;
/// What each department is for; the ids are those of functions of the pack where there is one.
const NAMES: [[&str; 3]; DEPARTMENTS] = [
    ["Экономика", "Экономика", "Economy"],
    ["Қаржы", "Финансы", "Finance"],
    ["Жол қозғалысы", "Дорожное движение", "Road traffic"],
    ["Қоғамдық көлік", "Общественный транспорт", "Public transport"],
    [
        "Жол инфрақұрылымы",
        "Дорожная инфраструктура",
        "Road infrastructure",
    ],
    ["Ішкі саясат", "Внутренняя политика", "Internal policy"],
    ["Сәулет", "Архитектура", "Architecture"],
    ["Азаматтық қорғаныс", "Гражданская оборона", "Civil defence"],
    [
        "Коммуналдық инфрақұрылым",
        "Коммунальная инфраструктура",
        "Communal infrastructure",
    ],
    ["Тұрғын үй", "Жильё", "Housing"],
    [
        "Қоғамдық кеңістіктер",
        "Общественные пространства",
        "Public spaces",
    ],
    ["Экология", "Экология", "Ecology"],
    ["Цифрландыру", "Цифровизация", "Digitalisation"],
    ["Білім", "Образование", "Education"],
    ["Денсаулық сақтау", "Здравоохранение", "Health"],
    [
        "Әлеуметтік әл-ауқат",
        "Социальное благосостояние",
        "Social welfare",
    ],
    ["Мәдениет", "Культура", "Culture"],
    ["Спорт", "Спорт", "Sport"],
    ["Туризм", "Туризм", "Tourism"],
    ["Кәсіпкерлік", "Предпринимательство", "Business"],
    ["Жер қатынастары", "Земельные отношения", "Land"],
    ["Құрылыс", "Строительство", "Construction"],
    ["Мемлекеттік сатып алу", "Государственные закупки", "Procurement"],
    ["Мұрағат", "Архивы", "Archives"],
];
/// Titles of functions: what is done, with whose things, with what.
const WORKS: [&str; 15] = [
    "Лицензирование",
    "Инспекция",
    "Ремонт",
    "Планирование",
    "Финансирование",
    "Регистрация",
    "Очистка",
    "Освещение",
    "Проектирование",
    "Сертификация",
    "Закупка",
    "Учёт",
    "Обучение",
    "Мониторинг",
    "Распределение",
];
const GROUPS: [&str; 3] = ["общественные", "частные", "коммунальные"];
const THINGS: [&str; 20] = [
    "такси",
    "гостиницы",
    "мосты",
    "ясли",
    "трубопроводы",
    "рынки",
    "библиотеки",
    "стадионы",
    "кладбища",
    "тоннели",
    "клиники",
    "архивы",
    "площадки",
    "фонтаны",
    "лифты",
    "водоёмы",
    "театры",
    "музеи",
    "стоянки",
    "убежища",
];
/// Share of posts that are filled, and in the department planted to be short of people (assumption).
const FILLED: f64 = 0.92;
const FILLED_SHORT: f64 = 0.65;
/// The day of the reform of 2025 (CITY-FACTS section 4), on which some departments ended.
const REFORM: &str = "2025-08-07";
const SINCE: &str = "2019-01-23";

/// A fault planted in the administration, as a check must report it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrganisationFault {
    /// Rule.
    pub rule: &'static str,
    /// What is wrong: one id, or two with `;` between.
    pub object: String,
}

struct Body {
    id: String,
    parent: String,
    kind: &'static str,
    names: [String; 3],
    to: &'static str,
}

struct Function {
    id: String,
    owner: String,
    title: String,
    programme: String,
}

/// All of it.
struct Administration {
    bodies: Vec<Body>,
    /// Id, body, kind, filled.
    posts: Vec<(String, String, &'static str, bool)>,
    functions: Vec<Function>,
    /// Id, function, source.
    indicators: Vec<(String, String, String)>,
    faults: Vec<OrganisationFault>,
    short: String,
}

fn department(n: usize) -> String {
    format!("SIM-B{:03}", n + 1)
}

fn unit(n: usize, unit: usize) -> String {
    format!("{}-{}", department(n), unit + 1)
}

const MAYOR: &str = "SIM-B000";

impl Administration {
    fn draw(shape: &Shape) -> Self {
        let dice = Dice::new(shape.seed, "city/administration");
        let mut made = Self {
            bodies: Vec::new(),
            posts: Vec::new(),
            functions: Vec::new(),
            indicators: Vec::new(),
            faults: Vec::new(),
            short: department(dice.bits(0, 9) as usize % DEPARTMENTS),
        };
        made.found(dice);
        made.staff(dice);
        made.assign(shape, dice);
        made.spoil(dice);
        made
    }

    fn body(&mut self, id: String, parent: &str, kind: &'static str, names: [String; 3], to: &'static str) {
        self.bodies.push(Body {
            id,
            parent: parent.to_owned(),
            kind,
            names,
            to,
        });
    }

    /// Number of departments and district administrations.
    fn heads() -> usize {
        DEPARTMENTS + DISTRICTS.len()
    }

    fn units(dice: Dice, n: usize) -> usize {
        3 + (dice.unit(n, 1) * 4.0) as usize
    }

    fn found(&mut self, dice: Dice) {
        let names = ["Қала әкімі", "Аким города", "Mayor"].map(str::to_owned);
        self.body(MAYOR.to_owned(), "", "akimat", names, "");
        for n in 0..Self::heads() {
            let (kind, names) = match n.checked_sub(DEPARTMENTS) {
                Some(d) => {
                    let [kk, ru, en] = DISTRICTS[d].names;
                    let names = [
                        format!("{kk} әкімдігі"),
                        format!("Акимат: {ru}"),
                        format!("District administration: {en}"),
                    ];
                    ("district_administration", names)
                }
                None => {
                    let [kk, ru, en] = NAMES[n];
                    let names = [
                        format!("Басқарма: {kk}"),
                        format!("Управление: {ru}"),
                        format!("Department: {en}"),
                    ];
                    ("department", names)
                }
            };
            self.body(department(n), MAYOR, kind, names, "");
            for number in 0..Self::units(dice, n) {
                let names = [
                    format!("{}-бөлім", number + 1),
                    format!("Отдел {}", number + 1),
                    format!("Division {}", number + 1),
                ];
                self.body(unit(n, number), &department(n), "division", names, "");
            }
        }
        // Two departments of before the reform.
        for n in 0..2 {
            let names = [
                format!("Бұрынғы басқарма {}", n + 1),
                format!("Прежнее управление {}", n + 1),
                format!("Former department {}", n + 1),
            ];
            self.body(format!("SIM-B9{n}0"), MAYOR, "department", names, REFORM);
        }
    }

    fn staff(&mut self, dice: Dice) {
        let mut number = 0;
        let mut put = |posts: &mut Vec<_>, body: &str, kind: &'static str, count: usize, filled: f64| {
            for _ in 0..count {
                number += 1;
                let is_filled = dice.unit(number, 2) < filled;
                posts.push((format!("SIM-W{number:04}"), body.to_owned(), kind, is_filled));
            }
        };
        put(&mut self.posts, MAYOR, "management", 5, 1.0);
        put(&mut self.posts, MAYOR, "support", 10, FILLED);
        for n in 0..Self::heads() {
            let head = department(n);
            let filled = if head == self.short { FILLED_SHORT } else { FILLED };
            put(&mut self.posts, &head, "management", 1, 1.0);
            put(&mut self.posts, &head, "support", 2, filled);
            for number in 0..Self::units(dice, n) {
                let id = unit(n, number);
                put(&mut self.posts, &id, "management", 1, filled);
                put(&mut self.posts, &id, "support", 1, filled);
                put(
                    &mut self.posts,
                    &id,
                    "core",
                    4 + (dice.unit(n * 10 + number, 3) * 6.0) as usize,
                    filled,
                );
            }
        }
    }

    fn assign(&mut self, shape: &Shape, dice: Dice) {
        let programmes = super::budget::programmes(shape);
        for n in 0..WORKS.len() * THINGS.len() {
            let (work, thing) = (WORKS[n / THINGS.len()], THINGS[n % THINGS.len()]);
            let group = GROUPS[dice.bits(n, 4) as usize % GROUPS.len()];
            let id = format!("SIM-F{:03}", n + 1);
            self.indicators.push((
                format!("SIM-N{:03}", n + 1),
                id.clone(),
                format!("register-{}", n % 40),
            ));
            self.functions.push(Function {
                id,
                owner: department(dice.bits(n, 5) as usize % DEPARTMENTS),
                title: format!("{work}: {group} {thing}"),
                programme: programmes[n % programmes.len()].clone(),
            });
        }
    }

    /// Plants the faults.
    fn spoil(&mut self, dice: Dice) {
        let mut order: Vec<usize> = (0..self.functions.len()).collect();
        order.sort_by_key(|n| dice.bits(*n, 6));
        let mut faults = Vec::new();
        let mut plant = |rule: &'static str, object: String| faults.push(OrganisationFault { rule, object });
        for (at, n) in order.iter().copied().enumerate().take(24) {
            let id = self.functions[n].id.clone();
            match at {
                0..6 => {
                    self.functions[n].owner.clear();
                    plant("orphan_function", id);
                }
                6..9 => {
                    "SIM-B777".clone_into(&mut self.functions[n].owner);
                    plant("unknown_owner", id);
                }
                9..12 => {
                    self.functions[n].owner = format!("SIM-B9{}0", at % 2);
                    plant("ended_owner", id);
                }
                12..18 => {
                    let copy = &self.functions[n];
                    let twin = Function {
                        id: format!("SIM-F{}", 900 + at),
                        owner: department((at * 5) % DEPARTMENTS),
                        title: if at % 2 == 0 {
                            copy.title.to_uppercase()
                        } else {
                            format!("{} в городе", copy.title)
                        },
                        programme: copy.programme.clone(),
                    };
                    plant("duplicate_function", format!("{id};{}", twin.id));
                    self.indicators.push((
                        format!("SIM-N{}", 900 + at),
                        twin.id.clone(),
                        "register-1".to_owned(),
                    ));
                    self.functions.push(twin);
                }
                18..23 => {
                    // The indicators stand in the order of the functions.
                    self.indicators[n].2.clear();
                    plant("indicator_without_source", self.indicators[n].0.clone());
                }
                _ => {
                    for (number, function) in ["", "SIM-F000", "SIM-F999", ""].into_iter().enumerate() {
                        let id = format!("SIM-N{}", 990 + number);
                        self.indicators
                            .push((id.clone(), function.to_owned(), "register-2".to_owned()));
                        plant("indicator_without_function", id);
                    }
                }
            }
        }
        // A ring of two divisions, out of reach of their department.
        let (a, b) = (unit(3, 0), unit(3, 1));
        for body in &mut self.bodies {
            if body.id == a {
                body.parent.clone_from(&b);
            } else if body.id == b {
                body.parent.clone_from(&a);
            }
        }
        plant("body_cycle", a);
        for n in 0..5 {
            let id = format!("SIM-W{}", 9_000 + n);
            let body = ["", "SIM-B888", "SIM-B900", "", "SIM-B889"][n];
            self.posts.push((id.clone(), body.to_owned(), "core", true));
            plant("post_without_body", id);
        }
        for n in [5, 11] {
            let id = unit(n, 0);
            for number in 0..20 {
                let post = format!("SIM-W{}", 9_100 + n * 100 + number);
                self.posts.push((post, id.clone(), "core", true));
            }
            plant("span", id);
        }
        faults.sort();
        self.faults = faults;
    }
}

/// Bodies as a table.
pub(super) fn list_bodies(shape: &Shape) -> String {
    let mut text = String::from("body_id,parent_id,kind,name_kk,name_ru,name_en,begins_on,ends_on\n");
    for body in &Administration::draw(shape).bodies {
        let [kk, ru, en] = &body.names;
        let _ = writeln!(
            text,
            "{},{},{},{kk},{ru},{en},{SINCE},{}",
            body.id, body.parent, body.kind, body.to
        );
    }
    text
}

/// Posts as a table.
pub(super) fn list_posts(shape: &Shape) -> String {
    let mut text = String::from("post_id,body_id,kind,filled\n");
    for (id, body, kind, filled) in &Administration::draw(shape).posts {
        let _ = writeln!(text, "{id},{body},{kind},{filled}");
    }
    text
}

/// Functions by statute as a table.
pub(super) fn list_functions(shape: &Shape) -> String {
    let mut text = String::from("function_id,owner_body_id,title,legal_basis,programme,begins_on,ends_on\n");
    for (n, function) in Administration::draw(shape).functions.iter().enumerate() {
        let _ = writeln!(
            text,
            "{},{},{},statute {} art. {},{},{SINCE},",
            function.id,
            function.owner,
            function.title,
            1 + n % 24,
            1 + n / 24,
            function.programme
        );
    }
    text
}

/// Declared indicators as a table.
pub(super) fn list_indicators(shape: &Shape) -> String {
    let dice = Dice::new(shape.seed, "city/targets");
    let mut text = String::from("indicator_id,function_id,source,target\n");
    for (n, (id, function, source)) in Administration::draw(shape).indicators.iter().enumerate() {
        let _ = writeln!(
            text,
            "{id},{function},{source},{}",
            50 + (dice.unit(n, 0) * 50.0) as i64
        );
    }
    text
}

impl CityTruth<'_> {
    /// The faults planted in the administration.
    pub fn organisation_faults(&self) -> Vec<OrganisationFault> {
        Administration::draw(self.shape).faults
    }

    /// The department that is planted to be short of people.
    pub fn short_department(&self) -> String {
        Administration::draw(self.shape).short
    }
}
