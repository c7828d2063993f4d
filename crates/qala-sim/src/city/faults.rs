//! What goes wrong on purpose: single records that are late, missing, double or wrong, and episodes in which a device is at
//! fault for hours.

use std::collections::BTreeMap;

use super::Shape;
use super::dice::{Dice, unit};
use super::feed::Feed;
use super::instruments::channels;
use crate::clock::SECOND;
use crate::{Faults, SimError};

/// What is wrong with a device for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EpisodeKind {
    /// It repeats the value with which the episode began.
    Stuck,
    /// Its values grow: magnitude is the share gained in a day.
    Drift,
    /// One value in twenty is multiplied by the magnitude.
    Spike,
    /// Its clock is wrong by the magnitude, s.
    ClockShift,
    /// It sends everything twice, ten minutes apart.
    Duplicate,
    /// Its values are multiplied by the magnitude, but named with the old unit.
    UnitChange,
    /// It is silent.
    Gap,
    /// Its values are doubled; half an hour after the end all that it sent is taken back.
    Retraction,
}

impl EpisodeKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Stuck,
        Self::Drift,
        Self::Spike,
        Self::ClockShift,
        Self::Duplicate,
        Self::UnitChange,
        Self::Gap,
        Self::Retraction,
    ];
}

/// A fault that somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedFault {
    /// Feed of readings: [`Feed::Posts`], [`Feed::Sensors`], [`Feed::Weather`] or [`Feed::Traffic`].
    pub feed: Feed,
    /// Id of the device.
    pub device: String,
    /// Quantity; absent: all of the device. Gaps, clocks, duplicates and retractions are always of the whole device.
    pub quantity: Option<String>,
    /// Kind.
    pub kind: EpisodeKind,
    /// Size, as the kind says; ignored by kinds that have none.
    pub magnitude: f64,
    /// First instant, µs since 1970.
    pub from: i64,
    /// Instant after the last, µs since 1970.
    pub to: i64,
}

/// Which faults a city has.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultOptions {
    /// Shares of single records; `outages` says whether there are episodes by chance.
    pub records: Faults,
    /// Share of devices in which an episode begins on a day, 0 to 1.
    pub episodes_a_day: f64,
    /// Faults that are asked for, beside those by chance.
    pub planned: Vec<PlannedFault>,
}

impl Default for FaultOptions {
    /// The usual shares (CITY-FACTS section 11), and an episode on one device in a hundred each day (assumption).
    fn default() -> Self {
        Self {
            records: Faults::default(),
            episodes_a_day: 0.01,
            planned: Vec::new(),
        }
    }
}

impl FaultOptions {
    /// A city in which nothing goes wrong.
    pub fn none() -> Self {
        Self {
            records: Faults::none(),
            episodes_a_day: 0.0,
            planned: Vec::new(),
        }
    }
}

/// An episode of one device.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Episode {
    pub(super) device: usize,
    /// Absent: all channels.
    pub(super) channel: Option<usize>,
    pub(super) kind: EpisodeKind,
    pub(super) magnitude: f64,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// The episodes that begin on one day of UTC, by device.
#[derive(Debug, Default)]
pub(super) struct EpisodeDay {
    by_device: BTreeMap<usize, Vec<Episode>>,
}

impl EpisodeDay {
    /// The episodes of a device.
    pub(super) fn of(&self, device: usize) -> &[Episode] {
        self.by_device.get(&device).map_or(&[], Vec::as_slice)
    }

    /// All episodes.
    pub(super) fn all(&self) -> impl Iterator<Item = &Episode> {
        self.by_device.values().flatten()
    }

    fn add(&mut self, episode: Episode) {
        self.by_device.entry(episode.device).or_default().push(episode);
    }
}

/// Stands for the day of the planned faults, which may last for any time.
pub(super) const PLANNED: i64 = i64::MIN;
/// Days before the day of an instant in which an episode by chance can have begun: the longest lasts 30 h.
pub(super) const DAYS_BACK: i64 = 2;
const DAY_S: i64 = 86_400;

/// What happens to a single record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Sent at once.
    OnTime,
    /// Sent so many seconds later.
    Late(i64),
    /// Never sent.
    Missing,
    /// Sent at once and again so many seconds later.
    Double(i64),
    /// Sent with an impossible number.
    Impossible,
    /// Sent with a wrong number, and rightly so many seconds later.
    Corrected(i64),
}

/// Delays of late, double and corrected records, s: 10 minutes to 6 hours, 1 to 10 minutes, half an hour to 2 hours, as
/// the small city has them.
pub(super) const LATE_S: [i64; 8] = [600, 1_200, 2_400, 3_600, 5_400, 7_200, 14_400, 21_600];
pub(super) const DOUBLE_S: [i64; 4] = [60, 120, 300, 600];
pub(super) const CORRECTED_S: [i64; 4] = [1_800, 3_600, 5_400, 7_200];
/// Delay of the second copy in an episode of duplicates, s.
pub(super) const EPISODE_DOUBLE_S: i64 = 600;
/// Time from the end of an episode of wrong values until they are taken back, s.
pub(super) const TAKEN_BACK_S: i64 = 1_800;

/// The faults of a city.
#[derive(Debug, Clone)]
pub(super) struct FaultPlan {
    dice: Dice,
    records: Faults,
    episodes_a_day: f64,
    planned: Vec<PlannedFault>,
}

impl FaultPlan {
    pub(super) fn new(seed: u64, options: &FaultOptions) -> Result<Self, SimError> {
        let Faults {
            late,
            missing,
            duplicate,
            wrong,
            ..
        } = options.records;
        let shares = [late, missing, duplicate, wrong];
        if shares.iter().any(|s| !(0.0..=1.0).contains(s)) || shares.iter().sum::<f64>() > 1.0 {
            return Err(SimError(
                "shares of faults must be 0 to 1 and add up to 1 at most".to_owned(),
            ));
        }
        if !(0.0..=1.0).contains(&options.episodes_a_day) {
            let given = options.episodes_a_day;
            return Err(SimError(format!("episodes_a_day is {given}; it must be 0 to 1")));
        }
        Ok(Self {
            dice: Dice::new(seed, "city/faults"),
            records: options.records,
            episodes_a_day: options.episodes_a_day,
            planned: options.planned.clone(),
        })
    }

    /// Says whether every planned fault names a device and a quantity that there are.
    pub(super) fn check(&self, shape: &Shape) -> Result<(), SimError> {
        for fault in &self.planned {
            let known = channels(fault.feed);
            let device = shape.device(fault.feed, &fault.device);
            let quantity = fault.quantity.as_ref();
            let is_known = quantity.is_none_or(|q| known.iter().any(|c| c.quantity == q));
            if device.is_none() || !is_known || fault.to <= fault.from {
                return Err(SimError(format!(
                    "the planned fault of `{}` in `{}` names no device, no quantity or no time of it",
                    fault.device,
                    fault.feed.id()
                )));
            }
        }
        Ok(())
    }

    /// What happens to the record of a device at an instant.
    pub(super) fn fate(&self, feed: Feed, device: usize, instant: i64) -> Fate {
        let bits = self.dice.bits(device + 100_000 * feed as usize, instant / SECOND);
        let (roll, rest) = (unit(bits), (bits & 0x3ff) as usize);
        let records = &self.records;
        let missing = records.late + records.missing;
        let duplicate = missing + records.duplicate;
        if roll < records.late {
            Fate::Late(LATE_S[rest % LATE_S.len()])
        } else if roll < missing {
            Fate::Missing
        } else if roll < duplicate {
            Fate::Double(DOUBLE_S[rest % DOUBLE_S.len()])
        } else if roll < duplicate + records.wrong {
            if rest % 8 < 4 {
                Fate::Impossible
            } else {
                Fate::Corrected(CORRECTED_S[rest % CORRECTED_S.len()])
            }
        } else {
            Fate::OnTime
        }
    }

    /// The episodes that begin on a day of UTC (days since 1970), or the planned ones for [`PLANNED`].
    pub(super) fn day(&self, shape: &Shape, feed: Feed, day: i64) -> EpisodeDay {
        let mut list = EpisodeDay::default();
        if day == PLANNED {
            for fault in self.planned.iter().filter(|f| f.feed == feed) {
                let Some(device) = shape.device(feed, &fault.device) else {
                    continue;
                };
                let wanted = fault.quantity.as_ref();
                let channel = wanted.and_then(|q| channels(feed).iter().position(|c| c.quantity == q));
                list.add(Episode {
                    device,
                    channel,
                    kind: fault.kind,
                    magnitude: fault.magnitude,
                    from: fault.from,
                    to: fault.to,
                });
            }
            return list;
        }
        if !self.records.outages {
            return list;
        }
        for device in 0..shape.devices(feed) {
            let object = device + 100_000 * (feed as usize + 100);
            if self.dice.unit(object, day) < self.episodes_a_day {
                list.add(self.episode(feed, device, object, day));
            }
        }
        list
    }

    fn episode(&self, feed: Feed, device: usize, object: usize, day: i64) -> Episode {
        let roll = |purpose: i64| self.dice.unit(object, day * 10 + purpose + 1_000_000);
        let kind = EpisodeKind::ALL[(roll(0) * 8.0) as usize % 8];
        let count = channels(feed).len().max(1);
        let channel = (roll(1) * count as f64) as usize % count;
        let whole = matches!(
            kind,
            EpisodeKind::ClockShift | EpisodeKind::Duplicate | EpisodeKind::Gap | EpisodeKind::Retraction
        );
        let magnitude = match kind {
            // 20 to 60 % a day, a factor of 4 to 10, an hour or seven minutes (assumptions).
            EpisodeKind::Drift => 0.2 + 0.4 * roll(2),
            EpisodeKind::Spike => 4.0 + 6.0 * roll(2),
            EpisodeKind::ClockShift => [-3600.0, 420.0, 3600.0][(roll(2) * 3.0) as usize % 3],
            // Milligrams for micrograms and back; metres a second for kilometres an hour.
            EpisodeKind::UnitChange => match feed {
                Feed::Posts => 1000.0,
                Feed::Traffic => 0.278,
                _ => 0.001,
            },
            EpisodeKind::Retraction => 2.0,
            _ => 1.0,
        };
        let from = day * DAY_S + (roll(3) * DAY_S as f64) as i64;
        // 2 to 30 hours (assumption).
        let lasts = (7_200.0 + 100_800.0 * roll(4)) as i64;
        Episode {
            device,
            channel: (!whole).then_some(channel),
            kind,
            magnitude,
            from: from * SECOND,
            to: (from + lasts) * SECOND,
        }
    }

    /// One value in twenty.
    pub(super) fn is_spike(&self, device: usize, instant: i64) -> bool {
        self.dice.unit(device + 7_000_000, instant / SECOND) < 0.05
    }
}
