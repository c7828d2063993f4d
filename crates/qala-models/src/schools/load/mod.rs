//! Which schools are overfull, and where places are free.
//!
//! What belongs here: pupils against design places. What does not: who could go where, which is `schools.access`.

#[cfg(test)]
mod tests;

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "schools.load",
        purpose: "How full each school or kindergarten is, how many places it lacks or has free, and the same by district.",
        method: "load = pupils/places; shift_load = pupils/(places·shifts); missing = max(0, pupils − places); \
                 free = max(0, places − pupils). Districts add missing and free places of their schools each by itself, never \
                 one against the other: a free place in one school is no place in another.",
        assumptions: &[
            "Places are those of the design, for one shift; the gap is against one shift, whatever the number of shifts.",
            "A school is one row: two rows of the same school are refused.",
        ],
        limits: &[
            "Where places or pupils are not known, what depends on them is empty, for the school and in the sum of its district: \
             a sum of what is left would be too small.",
            "Without places there is no load; without shifts no shift_load.",
            "Schools without a district are a row of their own, with an empty name.",
        ],
    },
    run,
};

/// One school, or a sum; absent where not known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct School {
    /// Design places of one shift.
    pub places: Option<f64>,
    /// Shifts.
    pub shifts: Option<f64>,
    /// Pupils of all shifts.
    pub pupils: Option<f64>,
}

impl School {
    /// Pupils to a place; absent without places.
    pub fn load(&self) -> Option<f64> {
        ratio(self.pupils?, self.places?)
    }

    /// Pupils to a place and shift; absent without places or shifts.
    pub fn shift_load(&self) -> Option<f64> {
        ratio(self.pupils?, self.places? * self.shifts?)
    }

    /// Places that are missing.
    pub fn missing(&self) -> Option<f64> {
        Some((self.pupils? - self.places?).max(0.0))
    }

    /// Places that are free.
    pub fn free(&self) -> Option<f64> {
        Some((self.places? - self.pupils?).max(0.0))
    }
}

fn ratio(pupils: f64, places: f64) -> Option<f64> {
    (places > 0.0).then(|| pupils / places)
}

/// Schools in the order of the input, districts in the order of first appearance.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let input = run.table("schools")?;
    let ids = input.ids("school")?;
    let of_district = input.texts("district")?;
    let places = amounts(input, "places")?;
    let shifts = amounts(input, "shifts")?;
    let pupils = amounts(input, "pupils")?;
    let (mut names, mut districts) = (Names::default(), Names::default());
    let mut sums: Vec<[Option<f64>; 4]> = Vec::new();
    let mut schools = Vec::with_capacity(ids.len());
    for (row, id) in ids.iter().enumerate() {
        if names.place(id) != row {
            return Err(input.wrong(row, "school", "is there twice; give each school one row"));
        }
        let school = School {
            places: places[row],
            shifts: shifts[row],
            pupils: pupils[row],
        };
        let district = districts.place(&of_district[row]);
        if district == sums.len() {
            sums.push([Some(0.0); 4]);
        }
        let parts = [school.places, school.pupils, school.missing(), school.free()];
        for (sum, part) in sums[district].iter_mut().zip(parts) {
            *sum = sum.zip(part).map(|(sum, part)| sum + part);
        }
        schools.push(school);
    }
    let of_schools = |value: fn(&School) -> Option<f64>| schools.iter().map(value);
    let of_districts = |part: usize| sums.iter().map(move |sum| sum[part]);
    Ok(vec![
        Table::new("load")
            .texts_of("school", ids)
            .floats_of("load", of_schools(School::load))
            .floats_of("shift_load", of_schools(School::shift_load))
            .floats_of("missing", of_schools(School::missing))
            .floats_of("free", of_schools(School::free)),
        Table::new("districts")
            .texts_of("district", districts.iter())
            .floats_of("places", of_districts(0))
            .floats_of("pupils", of_districts(1))
            .floats_of("missing", of_districts(2))
            .floats_of("free", of_districts(3)),
    ])
}

/// Numbers of a column, none of them negative.
fn amounts(table: &Table, column: &str) -> Result<Vec<Option<f64>>, Refusal> {
    let numbers = table.maybe_floats(column)?;
    match numbers.iter().position(|number| number.is_some_and(|n| n < 0.0)) {
        Some(row) => Err(table.wrong(row, column, "is below 0")),
        None => Ok(numbers),
    }
}
