//! The tables of the model as cohorts and rates.

use std::collections::HashMap;

use super::step::{Cohorts, Fault, Rates};
use crate::run::{Names, Refusal, Run, Table};

/// The sexes, in the order in which they are kept.
pub(super) const SEXES: [&str; 2] = ["male", "female"];

/// Cells by sex and group; absent where there is no row.
type Grid = [Vec<Option<f64>>; 2];

/// What was given for one area and year.
#[derive(Default)]
struct Given {
    fertility: Option<Vec<Option<f64>>>,
    /// The born before the groups.
    survival: Option<Grid>,
    migrants: Option<Grid>,
}

/// The inputs and settings of a run.
pub(super) struct Input {
    pub(super) areas: Names,
    pub(super) start_year: i64,
    pub(super) steps: i64,
    pub(super) width: i64,
    groups: usize,
    /// Only women are projected.
    women_only: bool,
    sex_ratio_at_birth: f64,
    cohorts: Vec<Cohorts>,
    given: HashMap<(usize, i64), Given>,
}

impl Input {
    /// Reads the tables and holds them against each other.
    pub(super) fn read(run: &Run) -> Result<Self, Refusal> {
        let settings = run.settings();
        let width = settings.int("age_width").unwrap_or(5);
        let sex_ratio_at_birth = settings.float("sex_ratio_at_birth").unwrap_or(1.05);
        let population = run.table("population")?;
        let ages = population.ints("age")?;
        let oldest = ages.iter().copied().max().unwrap_or(0).max(0);
        if oldest > 1000 {
            let row = ages.iter().position(|age| *age == oldest).unwrap_or(0);
            return Err(population.wrong(row, "age", "is above 1000 years"));
        }
        let mut input = Self {
            areas: Names::default(),
            start_year: 0,
            steps: settings.int("steps").unwrap_or(1),
            width,
            groups: (oldest / width) as usize + 1,
            women_only: false,
            sex_ratio_at_birth,
            cohorts: Vec::new(),
            given: HashMap::new(),
        };
        input.read_population(population)?;
        input.read_fertility(run.table("fertility")?)?;
        let survival = run.table("survival")?;
        input.read_by_sex(survival, "sx")?;
        if let Some(migration) = run.maybe_table("migration") {
            input.read_by_sex(migration, "count")?;
        }
        input.start_year = match settings.int("start_year") {
            Some(year) => year,
            None if input.areas.is_empty() => 0,
            None => survival.ints("year")?.into_iter().min().ok_or_else(|| {
                Refusal(
                    "setting `start_year`: it is not set and `survival` has no years to take it from"
                        .to_owned(),
                )
            })?,
        };
        Ok(input)
    }

    /// The cohorts at the start.
    pub(super) fn population(&self, area: usize) -> Cohorts {
        self.cohorts[area].clone()
    }

    /// Says whether a sex is projected.
    pub(super) fn has(&self, sex: usize) -> bool {
        sex == 1 || !self.women_only
    }

    /// The rates of a step.
    pub(super) fn rates(&self, area: usize, year: i64) -> Result<Rates, Refusal> {
        let name = self.areas.name(area);
        let given = self.given.get(&(area, year));
        let fertility = given.and_then(|given| given.fertility.as_ref()).ok_or_else(|| {
            Refusal(format!(
                "input `fertility`: there are no rates for area `{name}` and year {year}; give them for the start of every \
                 step, 0 where nobody is born"
            ))
        })?;
        let mut survival_of_born = [1.0; 2];
        let mut survival: Cohorts = [vec![1.0; self.groups], vec![1.0; self.groups]];
        for sex in (0..2).filter(|sex| self.has(*sex)) {
            for place in 0..=self.groups {
                let cell = given
                    .and_then(|given| given.survival.as_ref())
                    .and_then(|grid| grid[sex][place])
                    .ok_or_else(|| {
                        Refusal(format!(
                            "input `survival`: there is no row for area `{name}`, year {year}, {} and age {}; give one for every \
                             age from -1 (birth) to the last at the start of every step",
                            SEXES[sex],
                            if place == 0 { -1 } else { (place as i64 - 1) * self.width }
                        ))
                    })?;
                match place {
                    0 => survival_of_born[sex] = cell,
                    _ => survival[sex][place - 1] = cell,
                }
            }
        }
        let migrants = match given.and_then(|given| given.migrants.as_ref()) {
            Some(grid) => [0, 1].map(|sex| grid[sex].iter().map(|cell| cell.unwrap_or(0.0)).collect()),
            None => [vec![0.0; self.groups], vec![0.0; self.groups]],
        };
        Ok(Rates {
            width: self.width as f64,
            fertility: fertility.iter().map(|rate| rate.unwrap_or(0.0)).collect(),
            survival_of_born,
            survival,
            migrants,
            sex_ratio_at_birth: self.sex_ratio_at_birth,
        })
    }

    /// A step that cannot be, in words.
    pub(super) fn refuse(&self, area: usize, year: i64, fault: Fault) -> Refusal {
        let name = self.areas.name(area);
        Refusal(match fault {
            Fault::Leaving(sex, group) => format!(
                "input `migration`: in area `{name}`, in the step from {year}, more people leave than there are ({}, age {}); \
                 lower what leaves there",
                SEXES[sex],
                group as i64 * self.width
            ),
            Fault::Fertility => format!(
                "input `fertility`: in area `{name}`, in the step from {year}, the rate at age 0 is too high to be; give births \
                 per woman and year"
            ),
        })
    }

    fn read_population(&mut self, table: &Table) -> Result<(), Refusal> {
        let areas = table.ids("area")?;
        let sexes = sexes(table)?;
        let groups = self.read_groups(table)?;
        let counts = table.floats("count")?;
        let mut grids: Vec<Grid> = Vec::new();
        for row in 0..areas.len() {
            let area = self.areas.place(&areas[row]);
            if area == grids.len() {
                grids.push(grid(self.groups));
            }
            if counts[row] < 0.0 {
                return Err(table.wrong(row, "count", "is below 0"));
            }
            fill(table, row, &mut grids[area][sexes[row]][groups[row]], counts[row])?;
        }
        self.women_only = self.sex_ratio_at_birth == 0.0 && !sexes.contains(&0);
        for (area, grid) in grids.into_iter().enumerate() {
            let missing = (0..2)
                .filter(|sex| self.has(*sex))
                .find_map(|sex| Some((sex, grid[sex].iter().position(Option::is_none)?)));
            if let Some((sex, group)) = missing {
                return Err(Refusal(format!(
                    "input `population`: area `{}` has no row for {} and age {}; give every age from 0 to the last in steps of \
                     {}, 0 where nobody lives",
                    self.areas.name(area),
                    SEXES[sex],
                    group as i64 * self.width,
                    self.width
                )));
            }
            self.cohorts
                .push(grid.map(|groups| groups.into_iter().map(|count| count.unwrap_or(0.0)).collect()));
        }
        Ok(())
    }

    fn read_fertility(&mut self, table: &Table) -> Result<(), Refusal> {
        let areas = self.known_areas(table)?;
        let years = table.ints("year")?;
        let groups = self.read_groups(table)?;
        let rates = table.floats("rate")?;
        let empty = vec![None; self.groups];
        for row in 0..areas.len() {
            if rates[row] < 0.0 {
                return Err(table.wrong(row, "rate", "is below 0"));
            }
            let given = self.given.entry((areas[row], years[row])).or_default();
            let cells = given.fertility.get_or_insert_with(|| empty.clone());
            fill(table, row, &mut cells[groups[row]], rates[row])?;
        }
        Ok(())
    }

    /// Reads `survival` (whose age −1 stands before the groups) or `migration`.
    fn read_by_sex(&mut self, table: &Table, column: &str) -> Result<(), Refusal> {
        let is_survival = column == "sx";
        let areas = self.known_areas(table)?;
        let years = table.ints("year")?;
        let sexes = sexes(table)?;
        let ages = table.ints("age")?;
        let numbers = table.floats(column)?;
        let empty = grid(self.groups + usize::from(is_survival));
        for row in 0..areas.len() {
            if is_survival && !(0.0..=1.0).contains(&numbers[row]) {
                return Err(table.wrong(row, column, "is no share between 0 and 1"));
            }
            let place = match ages[row] {
                -1 if is_survival => 0,
                age => self.group(table, row, age)? + usize::from(is_survival),
            };
            let given = self.given.entry((areas[row], years[row])).or_default();
            let cells = if is_survival {
                &mut given.survival
            } else {
                &mut given.migrants
            };
            let cells = cells.get_or_insert_with(|| empty.clone());
            fill(table, row, &mut cells[sexes[row]][place], numbers[row])?;
        }
        Ok(())
    }

    fn read_groups(&self, table: &Table) -> Result<Vec<usize>, Refusal> {
        let ages = table.ints("age")?;
        ages.iter()
            .enumerate()
            .map(|(row, age)| self.group(table, row, *age))
            .collect()
    }

    /// The group that begins at an age.
    fn group(&self, table: &Table, row: usize, age: i64) -> Result<usize, Refusal> {
        let group = age / self.width;
        if age >= 0 && age % self.width == 0 && (group as usize) < self.groups {
            return Ok(group as usize);
        }
        Err(table.wrong(
            row,
            "age",
            &format!(
                "is no age group of `population`: those begin at 0 and every {} years up to {}",
                self.width,
                (self.groups as i64 - 1) * self.width
            ),
        ))
    }

    fn known_areas(&self, table: &Table) -> Result<Vec<usize>, Refusal> {
        table
            .ids("area")?
            .iter()
            .enumerate()
            .map(|(row, name)| {
                self.areas.find(name).ok_or_else(|| {
                    table.wrong(
                        row,
                        "area",
                        "is not in `population`; add it there or leave the row out",
                    )
                })
            })
            .collect()
    }
}

fn grid(cells: usize) -> Grid {
    [vec![None; cells], vec![None; cells]]
}

fn sexes(table: &Table) -> Result<Vec<usize>, Refusal> {
    table
        .texts("sex")?
        .iter()
        .enumerate()
        .map(|(row, sex)| {
            SEXES
                .iter()
                .position(|known| known == sex)
                .ok_or_else(|| table.wrong(row, "sex", "must be male or female"))
        })
        .collect()
}

fn fill(table: &Table, row: usize, cell: &mut Option<f64>, number: f64) -> Result<(), Refusal> {
    if cell.replace(number).is_some() {
        return Err(table.wrong(
            row,
            "age",
            "is there twice for the same area, sex and year; give each once",
        ));
    }
    Ok(())
}
