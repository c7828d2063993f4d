//! Speed now against the same time of the same weekday before.
//!
//! What belongs here: what is usual for a segment, and how far it is from it. What does not: which times are the same.

#[cfg(test)]
mod tests;

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};
use crate::stats::quantile;

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "traffic.against_usual",
        purpose: "Where it is slow now against usual: the speed of each segment by what it was at this time of the same weekday \
                  in weeks before.",
        method: "Usual is the median (type 7) of the speeds of the weeks before, one for each week; ratio = speed now/usual, below \
                 1 slower than usual. lost_s_km = 3600/speed − 3600/usual, the seconds that a kilometre takes longer. \
                 slowest_kmh is the slowest of the weeks before: only a speed below it is out of the ordinary.",
        assumptions: &[
            "A week of a segment has one speed; two rows for one segment and week are refused, so is a segment that is twice in \
             `now`.",
            "Empty speeds and speeds of 0 or less are left out; a segment that has none now has no ratio.",
            "With fewer weeks than `least` there is no usual speed, and n says how many there are.",
        ],
        limits: &[
            "A few weeks tell no rare events apart: with four, one time in five is below all of them without a cause.",
            "Speeds are of measuring points; what is between them is not seen.",
            "A holiday is held against working days.",
        ],
    },
    run,
};

/// What is said of a segment; absent where it cannot be.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Against {
    /// Median of the weeks before, km/h.
    pub usual_kmh: Option<f64>,
    /// Speed now by the usual one.
    pub ratio: Option<f64>,
    /// Seconds that a kilometre takes longer.
    pub lost_s_km: Option<f64>,
    /// Slowest of the weeks before, km/h.
    pub slowest_kmh: Option<f64>,
}

/// Holds a speed against those of weeks before, in km/h, all above 0. `least`: weeks without which nothing is usual.
pub fn against(now_kmh: Option<f64>, before_kmh: &[f64], least: usize) -> Against {
    if before_kmh.len() < least.max(1) {
        return Against::default();
    }
    let mut before = before_kmh.to_vec();
    before.sort_by(f64::total_cmp);
    let usual_kmh = quantile(&before, 0.5);
    let both = now_kmh.zip(usual_kmh);
    Against {
        usual_kmh,
        ratio: both.map(|(now, usual)| now / usual),
        lost_s_km: both.map(|(now, usual)| 3600.0 / now - 3600.0 / usual),
        slowest_kmh: before.first().copied(),
    }
}

/// Segments of `now` in their order, then those that are only in `before`, in order of first appearance.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let (now, before) = (run.table("now")?, run.table("before")?);
    let least = run.settings().int("least").unwrap_or(2).max(1) as usize;
    let mut names = Names::default();
    let mut speeds: Vec<Option<f64>> = Vec::new();
    for (row, (id, speed)) in now
        .ids("segment")?
        .iter()
        .zip(now.maybe_floats("speed_kmh")?)
        .enumerate()
    {
        if names.place(id) < speeds.len() {
            return Err(now.wrong(row, "segment", "is there twice; give one speed for each segment"));
        }
        speeds.push(speed.filter(|speed| *speed > 0.0));
    }
    let mut weeks: Vec<Vec<f64>> = vec![Vec::new(); speeds.len()];
    let mut seen = std::collections::HashSet::new();
    let (ids, numbers) = (before.ids("segment")?, before.ids("week")?);
    for (row, speed) in before.maybe_floats("speed_kmh")?.into_iter().enumerate() {
        let place = names.place(&ids[row]);
        if place == weeks.len() {
            weeks.push(Vec::new());
            speeds.push(None);
        }
        if !seen.insert((place, numbers[row].as_str())) {
            return Err(before.wrong(
                row,
                "week",
                "is there twice for its segment; give one speed for each week",
            ));
        }
        weeks[place].extend(speed.filter(|speed| *speed > 0.0));
    }
    let found: Vec<Against> = speeds
        .iter()
        .zip(&weeks)
        .map(|(speed, weeks)| against(*speed, weeks, least))
        .collect();
    Ok(vec![
        Table::new("against")
            .texts_of("segment", names.iter())
            .floats_of("speed_kmh", speeds.iter().copied())
            .floats_of("usual_kmh", found.iter().map(|a| a.usual_kmh))
            .floats_of("ratio", found.iter().map(|a| a.ratio))
            .floats_of("lost_s_km", found.iter().map(|a| a.lost_s_km))
            .floats_of("slowest_kmh", found.iter().map(|a| a.slowest_kmh))
            .ints_of("n", weeks.iter().map(|weeks| weeks.len() as i64)),
    ])
}
