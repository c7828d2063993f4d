//! How much of what was due came, and how much of it can be.

use super::finding::{Finding, Kind};
use super::line::step;
use super::window::{HOUR, Window};

/// Counts of one device in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measures {
    /// Readings that were due by the device's own step.
    pub due: u64,
    /// Of them those that came, an hour at most full.
    pub came: u64,
    /// Values that came.
    pub values: u64,
    /// Of them those that can be: in range, and no spike.
    pub possible: u64,
}

impl Measures {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            due: self.due + other.due,
            came: self.came + other.came,
            values: self.values + other.values,
            possible: self.possible + other.possible,
        }
    }

    /// Came of due; none when nothing was due.
    pub fn completeness(&self) -> Option<f64> {
        (self.due > 0).then(|| self.came as f64 / self.due as f64)
    }

    /// Possible of all values; none when there are none.
    pub fn plausibility(&self) -> Option<f64> {
        (self.values > 0).then(|| self.possible as f64 / self.values as f64)
    }
}

/// Counts by device from `from` (included) to `to` (excluded), µs since 1970; `findings` are those of the window. A device is due
/// from its first reading on.
pub fn measure(window: &Window, findings: &[Finding], from: i64, to: i64) -> Vec<Measures> {
    let is_in = |t: i64| (from..to).contains(&t);
    (0..window.devices.len())
        .map(|device| {
            let mut measures = Measures::default();
            let mut times: Vec<i64> = Vec::new();
            for (index, channel) in window.channels.iter().enumerate() {
                let series = channel.series.get(device).into_iter().flatten();
                for reading in series {
                    times.push(reading.t);
                    if is_in(reading.t) {
                        measures.values += 1;
                        measures.possible += u64::from(channel.is_possible(reading.value));
                    }
                }
                let spikes = findings
                    .iter()
                    .filter(|f| f.kind == Kind::Spike && f.device == device && f.channel == Some(index));
                let spikes = spikes.flat_map(|f| &f.records).filter(|t| is_in(**t)).count() as u64;
                measures.possible = measures.possible.saturating_sub(spikes);
            }
            times.sort_unstable();
            times.dedup();
            let (Some(step), Some(first)) = (step(&times), times.first().copied()) else {
                return measures;
            };
            let mut hour = from;
            while hour < to {
                let end = (hour + HOUR).min(to);
                let due = ((end - hour.max(first)).max(0) as f64 / step as f64).round() as u64;
                let came = times.partition_point(|t| *t < end) - times.partition_point(|t| *t < hour);
                measures.due += due;
                measures.came += due.min(came as u64);
                hour = end;
            }
            measures
        })
        .collect()
}
