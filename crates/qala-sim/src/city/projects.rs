//! The portfolio of 50 key projects: plan, progress and cost by month, promises, works with their links, and what holds some up.
//!
//! Each project has a true pace and a true price. What is earned follows the planned curve at the true pace and stands still while
//! the project is blocked; what is spent is what is earned at the true price.

use std::fmt::Write;

use super::Shape;
use super::dice::{Chooser, Dice};
use super::facts::DISTRICTS;
use super::people::Cell;
use super::truth::CityTruth;
use crate::clock::{civil, date_text, month_start};
use crate::place::Point;

/// Key projects (CITY-FACTS section 1).
const PROJECTS: usize = 50;
/// Month in which the first begins, and over how many months they begin (assumption).
const FIRST: (i32, i32) = (2023, 6);
const BEGINS: f64 = 36.0;
/// Of them late, over cost, and blocked for a while; some are late and over cost (assumption).
const LATE: std::ops::Range<usize> = 0..12;
const OVER: std::ops::Range<usize> = 8..18;
const BLOCKED: std::ops::Range<usize> = 16..22;
const REASONS: [&str; 4] = ["land", "permit", "contractor", "networks"];

/// What is built: names with `#` for the number, function that owns it, billions of tenge from and to (assumption).
const KINDS: [([&str; 3], &str, f64, f64); 10] = [
    (
        ["№ # мектеп", "Школа № #", "School No. #"],
        "education",
        4.0,
        12.0,
    ),
    (
        ["№ # аурухана", "Больница № #", "Hospital No. #"],
        "health",
        15.0,
        45.0,
    ),
    (
        ["№ # жол айрығы", "Развязка № #", "Interchange No. #"],
        "road-infrastructure",
        8.0,
        30.0,
    ),
    (
        ["№ # көше жөндеуі", "Ремонт улиц № #", "Street repair No. #"],
        "road-infrastructure",
        2.0,
        9.0,
    ),
    (
        ["№ # метро стансасы", "Станция метро № #", "Metro station No. #"],
        "rapid-transit",
        30.0,
        90.0,
    ),
    (
        ["№ # автобус жолағы", "Линия BRT № #", "BRT line No. #"],
        "public-transport",
        5.0,
        20.0,
    ),
    (
        ["№ # саябақ", "Парк № #", "Park No. #"],
        "public-spaces",
        1.5,
        6.0,
    ),
    (
        ["№ # жылу желісі", "Тепловая сеть № #", "Heating network No. #"],
        "communal-infrastructure",
        6.0,
        40.0,
    ),
    (
        ["№ # су желісі", "Водопроводная сеть № #", "Water network No. #"],
        "communal-infrastructure",
        4.0,
        18.0,
    ),
    (
        [
            "№ # үйлерді күшейту",
            "Усиление зданий № #",
            "Strengthening of buildings No. #",
        ],
        "civil-defence",
        3.0,
        14.0,
    ),
];

/// Works of a project: names, and their length as a share of the planned duration.
const WORKS: [([&str; 3], f64); 10] = [
    (["Жер бөлу", "Отвод земли", "Land"], 0.12),
    (["Жобалау", "Проектирование", "Design"], 0.16),
    (["Сараптама", "Экспертиза", "Examination"], 0.08),
    (["Конкурс", "Конкурс", "Tender"], 0.10),
    (
        ["Алаңды дайындау", "Подготовка площадки", "Site preparation"],
        0.06,
    ),
    (
        ["Негізгі құрылыс", "Основное строительство", "Main construction"],
        0.34,
    ),
    (["Инженерлік желілер", "Инженерные сети", "Networks"], 0.20),
    (["Әрлеу", "Отделка", "Finishing"], 0.14),
    (["Көгалдандыру", "Благоустройство", "Landscaping"], 0.08),
    (["Қабылдау", "Приёмка", "Acceptance"], 0.08),
];
/// Links between works: from, to, kind, lag as a share of the planned duration.
const LINKS: [(usize, usize, &str, f64); 12] = [
    (0, 1, "SS", 0.02),
    (1, 2, "FS", 0.0),
    (0, 4, "FS", 0.0),
    (2, 3, "FS", 0.0),
    (3, 4, "FS", 0.0),
    (4, 5, "FS", 0.0),
    (5, 6, "SS", 0.10),
    (5, 7, "FS", -0.04),
    (6, 7, "FF", 0.06),
    (5, 8, "FS", 0.0),
    (7, 9, "FS", 0.0),
    (8, 9, "FS", 0.0),
];

/// A project.
#[derive(Debug, Clone)]
pub(super) struct Project {
    id: String,
    names: [String; 3],
    function: &'static str,
    district: usize,
    point: Point,
    /// Budget at completion, thousand tenge.
    bac: i64,
    /// First month, months since year 0.
    start: i64,
    /// Planned length, months.
    planned: i64,
    /// True length as a share of the planned one, not counting time blocked.
    pace: f64,
    /// True cost as a share of the budget.
    price: f64,
    /// First month of a block since the start, its length in months, and its reason.
    block: Option<(i64, i64, &'static str)>,
}

/// What is true of a project.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectTruth {
    /// Id.
    pub id: String,
    /// Budget at completion, thousand tenge.
    pub bac: i64,
    /// True cost at completion, thousand tenge.
    pub cost: f64,
    /// Planned length, months.
    pub planned_months: i64,
    /// True length, months.
    pub true_months: f64,
    /// True when it takes more than a tenth longer than planned.
    pub is_late: bool,
    /// True when it costs more than a tenth more than planned.
    pub is_over: bool,
    /// First month of a block since the start, its length in months, and its reason.
    pub block: Option<(i64, i64, &'static str)>,
}

fn smooth(share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// Planned shares: a fifth of the money goes at an even pace, the rest by a smooth curve.
fn curve(share: f64) -> f64 {
    0.2 * share.clamp(0.0, 1.0) + 0.8 * smooth(share)
}

/// First day of a month (months since year 0).
fn month_day(month: i64) -> i32 {
    month_start(month.div_euclid(12) as i32, month.rem_euclid(12) as i32 + 1)
}

impl Project {
    /// True length with the time blocked, months.
    fn length(&self) -> f64 {
        self.planned as f64 * self.pace + self.block.map_or(0, |b| b.1) as f64
    }

    /// Cumulative planned, earned and spent money after so many whole months, thousand tenge.
    fn after(&self, months: i64) -> [i64; 3] {
        let worked = match self.block {
            Some((from, length, _)) => months - (months - from).clamp(0, length),
            None => months,
        };
        let bac = self.bac as f64;
        let pv = bac * curve(months as f64 / self.planned as f64);
        let ev = bac * curve(worked as f64 / (self.planned as f64 * self.pace));
        [pv, ev, ev * self.price].map(|v| v.round() as i64)
    }

    /// Months that are reported: to the one in which it ends.
    fn reported(&self) -> i64 {
        self.length().ceil() as i64
    }
}

/// Draws the portfolio.
pub(super) fn draw(seed: u64, cells: &[Cell]) -> Vec<Project> {
    let dice = Dice::new(seed, "city/projects");
    let homes = Chooser::new(cells.iter().map(|c| c.total() as f64));
    // Which of the 50 have which fate.
    let mut order: Vec<usize> = (0..PROJECTS).collect();
    order.sort_by_key(|n| dice.bits(*n, 0));
    let first = i64::from(FIRST.0) * 12 + i64::from(FIRST.1) - 1;
    (0..PROJECTS)
        .map(|n| {
            let fate = order.iter().position(|o| *o == n).unwrap_or(n);
            let unit = |purpose: i64| dice.unit(n, purpose);
            let (names, function, low, high) = &KINDS[n % KINDS.len()];
            let number = 1 + n / KINDS.len();
            let planned = 20 + (unit(3) * 20.0) as i64;
            let cell = &cells[homes.pick(unit(4))];
            Project {
                id: format!("SIM-P{:02}", n + 1),
                names: names.map(|name| name.replace('#', &number.to_string())),
                function,
                district: cell.district,
                point: cell.point,
                bac: ((low + (high - low) * unit(5)) * 1e6).round() as i64,
                start: first + (unit(6) * BEGINS) as i64,
                planned,
                pace: if LATE.contains(&fate) {
                    1.25 + 0.35 * unit(7)
                } else {
                    0.96 + 0.08 * unit(7)
                },
                price: if OVER.contains(&fate) {
                    1.15 + 0.25 * unit(8)
                } else {
                    0.96 + 0.08 * unit(8)
                },
                block: BLOCKED.contains(&fate).then(|| {
                    let from = (planned as f64 * (0.3 + 0.3 * unit(9))) as i64;
                    (
                        from,
                        6 + (unit(10) * 5.0) as i64,
                        REASONS[(unit(11) * 4.0) as usize],
                    )
                }),
            }
        })
        .collect()
}

/// The portfolio as a table.
pub(super) fn list(shape: &Shape) -> String {
    let mut text = String::from(
        "project_id,name_kk,name_ru,name_en,function_id,place_id,lon,lat,budget_kzt,start_on,planned_finish_on,\
         planned_months\n",
    );
    for project in &shape.projects {
        let [kk, ru, en] = &project.names;
        let _ = writeln!(
            text,
            "{},{kk},{ru},{en},{},{},{:.6},{:.6},{}000.00,{},{},{}",
            project.id,
            project.function,
            DISTRICTS[project.district].id,
            project.point.lon,
            project.point.lat,
            project.bac,
            date_text(month_day(project.start)),
            date_text(month_day(project.start + project.planned) - 1),
            project.planned
        );
    }
    text
}

/// The planned money by month of each project, as a table.
pub(super) fn list_baselines(shape: &Shape) -> String {
    let mut text = String::from("project_id,period,planned_kzt\n");
    for project in &shape.projects {
        for period in 1..=project.planned {
            let _ = writeln!(text, "{},{period},{}000.00", project.id, project.after(period)[0]);
        }
    }
    text
}

/// Days of a share of the planned duration.
fn days(project: &Project, share: f64) -> i64 {
    (project.planned as f64 * 30.4 * share).round() as i64
}

/// The works of each project as a table.
pub(super) fn list_activities(shape: &Shape) -> String {
    let dice = Dice::new(shape.seed, "city/activities");
    let mut text = String::from("project_id,activity_id,name_kk,name_ru,name_en,duration_days\n");
    for (n, project) in shape.projects.iter().enumerate() {
        for (index, ([kk, ru, en], share)) in WORKS.iter().enumerate() {
            let length = days(project, share * dice.between(n * 100 + index, 0, 0.85, 1.15)).max(5);
            let _ = writeln!(
                text,
                "{},{}-A{:02},{kk},{ru},{en},{length}",
                project.id,
                project.id,
                index + 1
            );
        }
    }
    text
}

/// The links between works as a table.
pub(super) fn list_links(shape: &Shape) -> String {
    let mut text = String::from("project_id,from_activity,to_activity,kind,lag_days\n");
    for project in &shape.projects {
        for (from, to, kind, lag) in LINKS {
            let id = &project.id;
            let _ = writeln!(
                text,
                "{id},{id}-A{:02},{id}-A{:02},{kind},{}",
                from + 1,
                to + 1,
                days(project, lag)
            );
        }
    }
    text
}

/// What is told of the portfolio over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Planned, earned and spent money at the end of a month.
    Progress,
    /// A day of completion that is promised.
    Promises,
    /// A project is blocked or goes on.
    Blocks,
}

/// The rows of a project that come on local days from `first` to `last`: day, then what is written.
fn rows(shape: &Shape, project: &Project, news: News, first: i32, last: i32) -> Vec<(i32, String)> {
    let id = &project.id;
    let time = |day: i32| shape.zone.format(shape.zone.day_start(day));
    let all: Vec<(i32, String)> = match news {
        News::Progress => (1..=project.reported())
            .map(|period| {
                let day = month_day(project.start + period) - 1;
                let [pv, ev, ac] = project.after(period);
                (
                    day,
                    format!(
                        "{id},{period},{},{pv}000.00,{ev}000.00,{ac}000.00",
                        date_text(day)
                    ),
                )
            })
            .collect(),
        News::Promises => {
            // The first promise is the plan; later ones move towards the truth.
            let (planned, length) = (project.planned as f64, project.length());
            let steps: &[(f64, f64)] = if length > planned * 1.05 {
                &[(0.0, 0.0), (0.6, 0.5), (0.95, 0.85)]
            } else {
                &[(0.0, 0.0)]
            };
            steps
                .iter()
                .zip(1..)
                .map(|((when, learned), number)| {
                    let day = month_day(project.start + (planned * when) as i64);
                    let months = planned + (length - planned) * learned;
                    let finish = month_day(project.start + months.ceil() as i64) - 1;
                    (day, format!("{id},{number},{},{}", time(day), date_text(finish)))
                })
                .collect()
        }
        News::Blocks => project.block.map_or_else(Vec::new, |(from, length, reason)| {
            let (begin, end) = (
                month_day(project.start + from),
                month_day(project.start + from + length),
            );
            vec![
                (begin, format!("{id},{},blocked,{reason}", time(begin))),
                (end, format!("{id},{},released,{reason}", time(end))),
            ]
        }),
    };
    all.into_iter()
        .filter(|(day, _)| (first..=last).contains(day))
        .collect()
}

/// The rows of all projects on the local days from `first` to `last`, in the order of time.
fn all_rows(shape: &Shape, news: News, first: i32, last: i32) -> Vec<(i32, String)> {
    let mut list: Vec<(i32, String)> = shape
        .projects
        .iter()
        .flat_map(|p| rows(shape, p, news, first, last))
        .collect();
    list.sort_by_key(|(day, _)| *day);
    list
}

fn table(news: News, rows: &[(i32, String)]) -> String {
    let mut text = String::from(match news {
        News::Progress => "project_id,period,t,planned_kzt,earned_kzt,spent_kzt\n",
        News::Promises => "project_id,promise,t,finish_on\n",
        News::Blocks => "project_id,t,status,reason\n",
    });
    for (_, row) in rows {
        text.push_str(row);
        text.push('\n');
    }
    text
}

/// What is told on the local days from `first` to `last`, as a table; none when nothing is.
pub(super) fn report(shape: &Shape, news: News, (first, last): (i32, i32)) -> Option<String> {
    let rows = all_rows(shape, news, first, last);
    (!rows.is_empty()).then(|| table(news, &rows))
}

/// Everything told through a local day (days since 1970), as a table.
pub(super) fn list_news(shape: &Shape, news: News, today: i32) -> String {
    table(news, &all_rows(shape, news, i32::MIN, today))
}

impl CityTruth<'_> {
    /// What is true of the key projects.
    pub fn projects(&self) -> Vec<ProjectTruth> {
        let of = self.shape.projects.iter().map(|p| ProjectTruth {
            id: p.id.clone(),
            bac: p.bac,
            cost: p.bac as f64 * p.price,
            planned_months: p.planned,
            true_months: p.length(),
            is_late: p.length() > 1.1 * p.planned as f64,
            is_over: p.price > 1.1,
            block: p.block,
        });
        of.collect()
    }

    /// The projects that are blocked on a local day, days since 1970.
    pub fn blocked_projects(&self, day: i32) -> Vec<String> {
        let (year, month, _) = civil(day);
        let now = i64::from(year) * 12 + i64::from(month) - 1;
        let is_blocked = |p: &&Project| {
            p.block
                .is_some_and(|(from, length, _)| (p.start + from..p.start + from + length).contains(&now))
        };
        self.shape
            .projects
            .iter()
            .filter(is_blocked)
            .map(|p| p.id.clone())
            .collect()
    }
}
