//! Conditional probability function: from where the wind blows when the air is worst.
//!
//! What belongs here: shares of high readings by direction and, if asked, speed of the wind. What does not: polar
//! surfaces, trajectories.

#[cfg(test)]
mod tests;

use crate::Card;
use crate::run::{Model, Refusal, Run, Table};
use crate::stats::quantile;

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "air.cpf",
        purpose: "shows from which directions of the wind high concentrations come",
        method: "CPF = m/n: of the n readings with wind from a sector, m are at or above the percentile of all readings \
                 (Ashbaugh, Malm and Sadeh 1985); with ws_breaks also by bins of wind speed (Uria-Tellaetxe and Carslaw \
                 2014). The percentile is by linear interpolation (type 7)",
        assumptions: &[
            "wd_deg is where the wind comes from; 360 is 0; a sector holds its lower bound and not its upper one, the \
             first is centred on 0",
            "only readings with direction, speed and value count, for the percentile too",
            "the first bin of speed holds both of its bounds and begins at 0, the others hold their upper bound, the last \
             has none: 2,4 and 0,2,4 both give [0, 2], (2, 4] and above 4",
            "sectors rise, and within them the bins; a sector without readings has n 0 and no p",
        ],
        limits: &[
            "a direction is not a place: two stations are needed to cross two directions",
            "hours in a row are alike, so that m/n of a few hundred hours is less certain than a binomial share",
            "weak wind has no sure direction; bins of speed show it apart",
        ],
    },
    run,
};

/// One reading with its wind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Where the wind comes from, degrees, 0 to 360.
    pub wd_deg: f64,
    /// Wind speed, m/s, 0 or more.
    pub ws_m_s: f64,
    /// Concentration, in any unit.
    pub value: f64,
}

/// Counts of one sector and bin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Readings.
    pub n: u64,
    /// Readings at or above the percentile.
    pub m: u64,
}

impl Share {
    /// m/n; absent without readings.
    pub fn p(self) -> Option<f64> {
        (self.n > 0).then(|| self.m as f64 / self.n as f64)
    }
}

/// The shares of `sectors` sectors of equal width, the first centred on 0, and of the bins of wind speed between `breaks`
/// (m/s, rising, the last bin open above): one row for each sector, in it one entry for each bin.
pub fn shares(readings: &[Reading], sectors: usize, percentile: f64, breaks: &[f64]) -> Vec<Vec<Share>> {
    // A first break of 0 is the lower bound of the first bin, which it has anyway.
    let uppers = breaks.strip_prefix(&[0.0]).unwrap_or(breaks);
    let mut found = vec![vec![Share::default(); uppers.len() + 1]; sectors];
    let mut values: Vec<f64> = readings.iter().map(|reading| reading.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let Some(high) = quantile(&values, percentile / 100.0) else {
        return found;
    };
    for reading in readings {
        let turned = reading.wd_deg * sectors as f64 / 360.0 + 0.5;
        let sector = turned.floor() as usize % sectors;
        let bin = uppers.partition_point(|upper| *upper < reading.ws_m_s);
        let share = &mut found[sector][bin];
        share.n += 1;
        share.m += u64::from(reading.value >= high);
    }
    found
}

/// Sectors rise from 0, bins within them.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let settings = run.settings();
    let width = settings.float("sector_deg").unwrap_or(30.0);
    let sectors = (360.0 / width).round();
    if (sectors * width - 360.0).abs() > 1e-6 {
        return Err(Refusal(format!(
            "setting `sector_deg`: 360 is not a whole number of sectors of {width}"
        )));
    }
    let breaks = settings.floats("ws_breaks")?;
    if breaks.first().is_some_and(|first| *first < 0.0) || breaks.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Refusal(
            "setting `ws_breaks`: the bounds must be 0 or more and rise".to_owned(),
        ));
    }
    let shares = shares(
        &readings(run.table("readings")?)?,
        sectors as usize,
        settings.float("percentile").unwrap_or(90.0),
        &breaks,
    );

    let bins = shares.first().map_or(0, Vec::len);
    let uppers = &breaks[breaks.len() + 1 - bins..];
    let rows = || {
        shares.iter().enumerate().flat_map(|(sector, row)| {
            row.iter()
                .enumerate()
                .map(move |(bin, share)| (sector, bin, share))
        })
    };
    let mut table = Table::new("cpf").floats_of(
        "sector_deg",
        rows().map(|(sector, _, _)| sector as f64 * 360.0 / sectors),
    );
    if !breaks.is_empty() {
        table = table
            .floats_of(
                "ws_lo",
                rows().map(|(_, bin, _)| if bin == 0 { 0.0 } else { uppers[bin - 1] }),
            )
            .floats_of("ws_hi", rows().map(|(_, bin, _)| uppers.get(bin).copied()));
    }
    Ok(vec![
        table
            .ints_of("n", rows().map(|(_, _, share)| share.n as i64))
            .ints_of("m", rows().map(|(_, _, share)| share.m as i64))
            .floats_of("p", rows().map(|(_, _, share)| share.p())),
    ])
}

/// The readings that have everything.
fn readings(table: &Table) -> Result<Vec<Reading>, Refusal> {
    let directions = table.maybe_floats("wd_deg")?;
    let speeds = table.maybe_floats("ws_m_s")?;
    let values = table.maybe_floats("value")?;
    let mut readings = Vec::with_capacity(values.len());
    for (row, ((wd, ws), value)) in directions.into_iter().zip(speeds).zip(values).enumerate() {
        if wd.is_some_and(|wd| !(0.0..=360.0).contains(&wd)) {
            return Err(table.wrong(
                row,
                "wd_deg",
                "is not between 0 and 360; leave it empty when there is no direction",
            ));
        }
        if ws.is_some_and(|ws| ws < 0.0) {
            return Err(table.wrong(
                row,
                "ws_m_s",
                "is below 0; leave it empty when it was not measured",
            ));
        }
        if let (Some(wd_deg), Some(ws_m_s), Some(value)) = (wd, ws, value) {
            readings.push(Reading {
                wd_deg,
                ws_m_s,
                value,
            });
        }
    }
    Ok(readings)
}
