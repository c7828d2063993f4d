//! Checks of air readings: range, flat line, spike, rate of change, PM2.5 above PM10.
//!
//! What belongs here: what one station's readings say about themselves. What does not: neighbours and co-location; what is
//! done with a flagged reading.

mod checks;
#[cfg(test)]
mod tests;

pub use checks::{Series, Spike};

use std::collections::HashMap;

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Settings, Table};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "air.qc",
        purpose: "marks readings of air quality that are likely wrong, and leaves the values as they are",
        method: "five checks of each station and pollutant in the order of time: outside the range of the pollutant \
                 (range); n identical hours (flat); |x − median of five| > 6·MAD of the same five (spike); a change of \
                 more than the pollutant's limit an hour (rate); PM2.5 above PM10 at the same station and time \
                 (pm25_above_pm10). Flags stand in this order, joined by `;`; an empty cell is a clean reading",
        assumptions: &[
            "pollutants are told by their letters and digits: `PM2.5`, `PM2_5` and `pm25` are the same",
            "spike: the rule to the letter; at the ends of a series of the three or four readings that are there. Of a quiet or \
             rounded series two to eight in a hundred good readings are spikes by it: spike_share (0.05) and \
             spike_floor_ug_m3 (0.5) then set what the MAD counts as at least, as a share of the median and in µg/m³",
            "flat: at least n identical readings in a row that stand for at least n hours, whatever the interval; a reading \
             stands for the median step of its series",
            "rate: a step shorter than an hour counts as an hour; a reading is compared with the last one that is neither \
             out of range nor a spike, so that the return from a spike is no fault",
            "a gap of more than three median steps cuts a series: nothing is compared across it",
            "pm25_above_pm10 stands on both readings, because the check cannot tell which one is wrong",
            "a list of ranges or rates that is set replaces the whole default list",
        ],
        limits: &[
            "a pollutant without a range or a rate is not checked for it",
            "drift, a wrong unit and a fault shared by neighbouring stations are not seen",
            "a level that is wrong from the first reading on is only seen by its range",
            "a missing value has no flags; two different values of one station, time and pollutant are refused",
        ],
    },
    run,
};

/// Names of the flags, in the order of the checks.
const FLAGS: [&str; 5] = ["range", "flat", "spike", "rate", "pm25_above_pm10"];
const RANGE: u8 = 1;
const FLAT: u8 = 2;
const SPIKE: u8 = 4;
const RATE: u8 = 8;
const PM: u8 = 16;

/// What a run is set to.
struct Rules {
    ranges: HashMap<String, Vec<f64>>,
    rates: HashMap<String, Vec<f64>>,
    flat_hours: usize,
    spike: Spike,
    pm_tolerance: f64,
}

impl Rules {
    fn new(settings: &Settings) -> Result<Self, Refusal> {
        let number = |name: &str| settings.float(name).unwrap_or(0.0);
        let ranges = by_pollutant(settings, "range_ug_m3", 2)?;
        if let Some((pollutant, _)) = ranges.iter().find(|(_, bounds)| bounds[0] > bounds[1]) {
            return Err(Refusal(format!(
                "setting `range_ug_m3`: the range of `{pollutant}` ends below its begin"
            )));
        }
        Ok(Self {
            ranges,
            rates: by_pollutant(settings, "rate_ug_m3_h", 1)?,
            flat_hours: settings
                .int("flat_hours")
                .and_then(|hours| usize::try_from(hours).ok())
                .unwrap_or(usize::MAX),
            spike: Spike {
                mads: number("spike_mads"),
                share: number("spike_share"),
                floor_ug_m3: number("spike_floor_ug_m3"),
            },
            pm_tolerance: number("pm_tolerance_ug_m3"),
        })
    }
}

/// Numbers of each pollutant of a list setting of `pollutant:number[:number]`.
fn by_pollutant(settings: &Settings, name: &str, count: usize) -> Result<HashMap<String, Vec<f64>>, Refusal> {
    let mut found = HashMap::new();
    for entry in settings.list(name) {
        let mut parts = entry.split(':');
        let pollutant = plain(parts.next().unwrap_or(""));
        let numbers: Option<Vec<f64>> = parts
            .map(|part| part.trim().parse().ok().filter(|number: &f64| number.is_finite()))
            .collect();
        match numbers {
            Some(numbers) if numbers.len() == count && !pollutant.is_empty() => {
                if found.insert(pollutant, numbers).is_some() {
                    return Err(Refusal(format!("setting `{name}`: `{entry}` is there twice")));
                }
            }
            _ => {
                return Err(Refusal(format!(
                    "setting `{name}`: `{entry}` is not a pollutant and {count} numbers, joined by `:`"
                )));
            }
        }
    }
    Ok(found)
}

/// Letters and digits of a pollutant's name, in lower case.
fn plain(pollutant: &str) -> String {
    pollutant
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Rows of the output are those of the input, in their order.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let rules = Rules::new(run.settings())?;
    let readings = run.table("readings")?;
    let stations = readings.ids("station")?;
    let moments = readings.moments("t")?;
    let pollutants = readings.ids("pollutant")?;
    let values = readings.maybe_floats("value_ug_m3")?;

    let mut known_stations = Names::default();
    let mut known_pollutants = Names::default();
    let mut series: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
    let mut spellings: HashMap<&str, usize> = HashMap::new();
    for (row, (station, pollutant)) in stations.iter().zip(&pollutants).enumerate() {
        let pollutant = *spellings
            .entry(pollutant)
            .or_insert_with(|| known_pollutants.place(&plain(pollutant)));
        if values[row].is_some() {
            series
                .entry((known_stations.place(station), pollutant))
                .or_default()
                .push(row);
        }
    }

    let mut flags = vec![0_u8; values.len()];
    let mut particles: HashMap<(usize, i64), [Option<f64>; 2]> = HashMap::new();
    let mut keys: Vec<(usize, usize)> = series.keys().copied().collect();
    keys.sort_unstable();
    for key in keys {
        let Some(rows) = series.get_mut(&key) else {
            continue;
        };
        rows.sort_by_key(|row| (moments[*row].micros, *row));
        let mut micros: Vec<i64> = Vec::with_capacity(rows.len());
        let mut numbers: Vec<f64> = Vec::with_capacity(rows.len());
        // The place in the series of each row: a reading that was sent twice is one reading.
        let mut places = Vec::with_capacity(rows.len());
        for row in rows.iter() {
            let (moment, value) = (moments[*row].micros, values[*row].unwrap_or(f64::NAN));
            if micros.last() == Some(&moment) {
                if numbers.last() != Some(&value) {
                    return Err(readings.wrong(
                        *row,
                        "value_ug_m3",
                        "is another value of the same station, time and pollutant; keep one of them",
                    ));
                }
            } else {
                micros.push(moment);
                numbers.push(value);
            }
            places.push(micros.len() - 1);
        }
        let pollutant = known_pollutants.name(key.1);
        let found = checked(&Series::new(&micros, &numbers), pollutant, &rules);
        for (row, place) in rows.iter().zip(&places) {
            flags[*row] |= found[*place];
        }
        if let Some(side) = particle(pollutant) {
            for (moment, number) in micros.iter().zip(&numbers) {
                particles.entry((key.0, *moment)).or_default()[side] = Some(*number);
            }
        }
    }

    for (row, station) in stations.iter().enumerate() {
        if values[row].is_none()
            || particle(known_pollutants.name(spellings[pollutants[row].as_str()])).is_none()
        {
            continue;
        }
        let key = known_stations
            .find(station)
            .map(|place| (place, moments[row].micros));
        if let Some([Some(fine), Some(coarse)]) = key.and_then(|key| particles.get(&key))
            && *fine > coarse + rules.pm_tolerance
        {
            flags[row] |= PM;
        }
    }

    Ok(vec![
        Table::new("flagged")
            .texts_of("station", &stations)
            .texts_of("t", readings.texts("t")?)
            .texts_of("pollutant", &pollutants)
            .floats_of("value_ug_m3", values)
            .texts_of("flags", flags.into_iter().map(words)),
    ])
}

/// 0 for PM2.5, 1 for PM10.
fn particle(pollutant: &str) -> Option<usize> {
    match pollutant {
        "pm25" => Some(0),
        "pm10" => Some(1),
        _ => None,
    }
}

/// Flags of the checks of a single series.
fn checked(series: &Series<'_>, pollutant: &str, rules: &Rules) -> Vec<u8> {
    let out_of_range = match rules.ranges.get(pollutant).map(Vec::as_slice) {
        Some([low, high]) => series.out_of_range(*low, *high),
        _ => Vec::new(),
    };
    let spikes = series.spikes(rules.spike);
    let left_out: Vec<bool> = spikes
        .iter()
        .enumerate()
        .map(|(at, spike)| *spike || out_of_range.get(at) == Some(&true))
        .collect();
    let fast = match rules.rates.get(pollutant).map(Vec::as_slice) {
        Some([limit]) => series.fast(*limit, &left_out),
        _ => Vec::new(),
    };
    let flat = series.flat(rules.flat_hours);
    let mut flags = vec![0_u8; spikes.len()];
    for (marks, flag) in [(out_of_range, RANGE), (flat, FLAT), (spikes, SPIKE), (fast, RATE)] {
        for (each, mark) in flags.iter_mut().zip(marks) {
            *each |= if mark { flag } else { 0 };
        }
    }
    flags
}

/// The words of flags, joined by `;`.
fn words(flags: u8) -> String {
    let words: Vec<&str> = FLAGS
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| flags & (1 << bit) != 0)
        .map(|(_, word)| word)
        .collect();
    words.join(";")
}
