//! Travel-time index, planning-time index and buffer index of street segments.
//!
//! What belongs here: the indices of one segment, and the run over many. What does not: delay in vehicle-hours, which
//! needs flows.

#[cfg(test)]
mod tests;

use crate::Card;
use crate::run::{Model, Names, Refusal, Run, Table};
use crate::stats::{mean, quantile};

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "traffic.indices",
        purpose: "How much longer a street takes than when it is free: on the mean (tti), on a bad day (pti), and how much \
                  time to keep in reserve (buffer_index).",
        method: "Travel time T = length/speed of each reading. Free flow: the 85th percentile of speeds whose local hour is in \
                 [22:00, 06:00), by the offset written in t. tti = mean(T)/T_free; pti = P95(T)/T_free; buffer_index = \
                 (P95(T) − mean(T))/mean(T). Percentiles by linear interpolation (type 7).",
        assumptions: &[
            "Readings are evenly spread over time, so that their plain mean is the mean over time; each row counts once, also \
             when two have the same time.",
            "A segment has one length. A reading without one takes that of the segment's other rows; two lengths that differ \
             are refused.",
            "Empty speeds and speeds of 0 or less are left out, by night and by day.",
        ],
        limits: &[
            "Without a night reading there is no free flow, tti or pti; without a length above 0 there is free flow only.",
            "A street that is jammed at night looks better than it is.",
            "Readings are not weighted by traffic: the index is of the street, not of the drivers.",
        ],
    },
    run,
};

/// What is computed for one segment; absent where it cannot be.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Indices {
    /// 85th percentile of speeds at night, km/h.
    pub free_flow_kmh: Option<f64>,
    /// Mean travel time against free flow.
    pub tti: Option<f64>,
    /// 95th percentile of travel time against free flow.
    pub pti: Option<f64>,
    /// Reserve above the mean, as a share of the mean.
    pub buffer_index: Option<f64>,
}

/// Indices of a segment from its speeds, in km/h, all above 0: all of them, and those of the night.
///
/// The length cancels out of every ratio, so travel times are taken over 1 km.
pub fn indices(speeds_kmh: &[f64], night_speeds_kmh: &[f64]) -> Indices {
    let mut times: Vec<f64> = speeds_kmh.iter().map(|speed| speed.recip()).collect();
    times.sort_by(f64::total_cmp);
    let mut night = night_speeds_kmh.to_vec();
    night.sort_by(f64::total_cmp);
    let (mean, late, free_flow_kmh) = (mean(&times), quantile(&times, 0.95), quantile(&night, 0.85));
    let against_free = |time: Option<f64>| Some(time? * free_flow_kmh?);
    Indices {
        free_flow_kmh,
        tti: against_free(mean),
        pti: against_free(late),
        buffer_index: mean.zip(late).map(|(mean, late)| (late - mean) / mean),
    }
}

/// Readings of one segment.
#[derive(Default)]
struct Segment {
    length_m: Option<f64>,
    speeds: Vec<f64>,
    night: Vec<f64>,
}

/// One row for each segment, in the order of first appearance.
fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let readings = run.table("readings")?;
    let ids = readings.ids("segment")?;
    let moments = readings.moments("t")?;
    let lengths = readings.maybe_floats("length_m")?;
    let speeds = readings.maybe_floats("speed_kmh")?;
    let mut names = Names::default();
    let mut segments: Vec<Segment> = Vec::new();
    for (row, id) in ids.iter().enumerate() {
        let place = names.place(id);
        if place == segments.len() {
            segments.push(Segment::default());
        }
        let segment = &mut segments[place];
        if let Some(length) = lengths[row] {
            if length < 0.0 {
                return Err(readings.wrong(row, "length_m", "is below 0"));
            }
            if segment
                .length_m
                .is_some_and(|known| (known - length).abs() > 1e-9 * known)
            {
                let what =
                    format!("is another length than in an earlier row of segment `{id}`; give it one length");
                return Err(readings.wrong(row, "length_m", &what));
            }
            segment.length_m = Some(length);
        }
        if let Some(speed) = speeds[row].filter(|speed| *speed > 0.0) {
            segment.speeds.push(speed);
            if !(6..22).contains(&moments[row].local_hour()) {
                segment.night.push(speed);
            }
        }
    }
    let results: Vec<Indices> = segments
        .iter()
        .map(|segment| {
            let all = indices(&segment.speeds, &segment.night);
            if segment.length_m.is_some_and(|length| length > 0.0) {
                return all;
            }
            Indices {
                free_flow_kmh: all.free_flow_kmh,
                ..Indices::default()
            }
        })
        .collect();
    Ok(vec![
        Table::new("indices")
            .texts_of("segment", names.iter())
            .floats_of("free_flow_kmh", results.iter().map(|r| r.free_flow_kmh))
            .floats_of("tti", results.iter().map(|r| r.tti))
            .floats_of("pti", results.iter().map(|r| r.pti))
            .floats_of("buffer_index", results.iter().map(|r| r.buffer_index)),
    ])
}
