//! What is found.

/// What is wrong with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It repeats one value.
    Stuck,
    /// It leaves the others slowly.
    Drift,
    /// Single values far from those before and after.
    Spike,
    /// Its clock is wrong.
    ClockShift,
    /// It sends the same times twice, or a block of values again under other times.
    Duplicate,
    /// It sends another unit under the old name.
    UnitChange,
    /// It is silent.
    Gap,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Stuck,
        Self::Drift,
        Self::Spike,
        Self::ClockShift,
        Self::Duplicate,
        Self::UnitChange,
        Self::Gap,
    ];

    /// The word in the data.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Drift => "drift",
            Self::Spike => "spike",
            Self::ClockShift => "clock_shift",
            Self::Duplicate => "duplicate",
            Self::UnitChange => "unit_change",
            Self::Gap => "gap",
        }
    }

    /// Says whether it is of the device as a whole and not of one quantity.
    pub const fn is_of_device(self) -> bool {
        matches!(self, Self::ClockShift | Self::Gap)
    }
}

/// A fault that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Place of the device in [`super::Window::devices`].
    pub device: usize,
    /// Place of the quantity in [`super::Window::channels`]; absent: all of the device.
    pub channel: Option<usize>,
    /// Kind.
    pub kind: Kind,
    /// First instant, µs since 1970, by the right clock.
    pub from: i64,
    /// Last instant at which it stands, µs since 1970.
    pub to: i64,
    /// Stuck: the value. Drift: share (of a ratio) or units gained in a day. Spike: the largest departure, in the unit. Clock:
    /// seconds by which it is ahead. Duplicate: readings that came for each that is due. Unit: the factor, or for units with
    /// another zero the mean departure. Gap: readings that are missing.
    pub magnitude: f64,
    /// Evidence, 0.5 where it just suffices, towards 1 the more there is. Not a probability.
    pub confidence: f64,
    /// Readings that are at fault, where they are single ones (spikes): their times.
    pub records: Vec<i64>,
}

/// 0.5 at the threshold, towards 1 above it.
pub(super) fn confidence(evidence: f64, least: f64) -> f64 {
    1.0 - 0.5 * (least / evidence.max(least))
}
