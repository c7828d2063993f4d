//! Stored values of an indicator as they are told: the newest, its neighbours, its districts. The screen has the same rules
//! (`web/src/lib/values.ts`).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use qala_core::spec::{Better, IndicatorSpec, Status};
use qala_core::{Grain, Lang, Zone, parse_instant};
use qala_paper::{Limits, Mark};
use serde_json::{Map, Value as Json};

use super::{word, words};
use crate::indicator::CITY;

/// A stored value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) place: String,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) value: Option<f64>,
    pub(super) reason: Option<String>,
    pub(super) status: Status,
    pub(super) simulated: bool,
    /// The row, for what only the passport shows.
    pub(super) row: Map<String, Json>,
}

impl Known {
    pub(super) fn of(row: &Map<String, Json>) -> Option<Self> {
        let instant = |name: &str| parse_instant(word(row, name), None).ok();
        Some(Self {
            place: word(row, "place").to_owned(),
            start: instant("period_start")?,
            end: instant("period_end")?,
            value: row.get("value").and_then(Json::as_f64),
            reason: row.get("reason").and_then(Json::as_str).map(ToOwned::to_owned),
            status: Status::parse(word(row, "status")).unwrap_or(Status::Unknown),
            simulated: row.get("simulated").and_then(Json::as_bool).unwrap_or(false),
            row: row.clone(),
        })
    }

    /// How it stands. A value without a target is not unknown: it is there, and nobody set a target.
    pub(super) fn mark(&self, spec: &IndicatorSpec) -> Mark {
        match (self.value, spec.targets) {
            (None, _) => Mark::Unknown,
            (Some(_), None) => Mark::Aimless,
            (Some(_), Some(_)) => self.status.into(),
        }
    }

    /// The same in words; where the value is withheld, that.
    pub(super) fn standing(&self, spec: &IndicatorSpec, lang: Lang) -> &'static str {
        if self.value.is_none() && self.reason.as_deref() == Some("suppressed") {
            return words::say(lang, words::SUPPRESSED);
        }
        words::say(lang, words::state(self.mark(spec)))
    }
}

/// Loud is what somebody has to look at.
pub(super) fn is_loud(mark: Mark) -> bool {
    matches!(mark, Mark::Off | Mark::Watch)
}

/// An indicator at a place with its stored values, as of a moment.
#[derive(Debug, Clone)]
pub(super) struct View<'a> {
    pub(super) spec: &'a IndicatorSpec,
    pub(super) grain: Grain,
    /// Values of the place that have begun, the oldest first.
    pub(super) line: Vec<Known>,
    /// Which of them is shown.
    pub(super) at: Option<usize>,
    /// The values of the districts in the shown period, the worst first.
    pub(super) districts: Vec<Known>,
    pub(super) now: i64,
}

/// The grain in which an indicator is shown when one is wished.
pub(super) fn grain_of(spec: &IndicatorSpec, wished: Option<Grain>) -> Grain {
    let has = |grain: &Grain| spec.grains.contains(grain);
    let first = spec.grains.first().copied();
    wished
        .filter(has)
        .or(Some(Grain::Day).filter(has))
        .or(first)
        .unwrap_or(Grain::Day)
}

impl<'a> View<'a> {
    pub(super) fn new(
        spec: &'a IndicatorSpec,
        grain: Grain,
        values: Vec<Known>,
        place: &str,
        now: i64,
    ) -> Self {
        let mut places: BTreeMap<String, Vec<Known>> = BTreeMap::new();
        for value in values.into_iter().filter(|v| v.start < now) {
            places.entry(value.place.clone()).or_default().push(value);
        }
        for list in places.values_mut() {
            list.sort_by_key(|v| v.start);
        }
        let line = places.get(place).cloned().unwrap_or_default();
        // A period that still runs and has no value yet does not count.
        let at = line
            .iter()
            .rposition(|v| v.end <= now || v.value.is_some())
            .or(line.len().checked_sub(1));
        let shown = at.map(|at| line[at].start);
        places.remove(CITY);
        let mut districts: Vec<Known> = places
            .into_values()
            .filter_map(|list| list.into_iter().find(|v| Some(v.start) == shown))
            .collect();
        districts.sort_by(|a, b| {
            rank(spec, a)
                .cmp(&rank(spec, b))
                .then_with(|| worse_first(spec, a, b))
        });
        Self {
            spec,
            grain,
            line,
            at,
            districts,
            now,
        }
    }

    pub(super) fn shown(&self) -> Option<&Known> {
        self.line.get(self.at?)
    }

    pub(super) fn mark(&self) -> Mark {
        self.shown().map_or(Mark::Unknown, |v| v.mark(self.spec))
    }

    /// The value of the period before the shown one.
    pub(super) fn before(&self) -> Option<&Known> {
        self.line
            .get(self.at?.checked_sub(1)?)
            .filter(|v| v.value.is_some())
    }

    /// Since when it stands as it does, and whether that is only as far as is known.
    pub(super) fn since(&self) -> Option<(i64, bool)> {
        let at = self.at?;
        let mark = self.mark();
        let run = self.line[..=at]
            .iter()
            .rev()
            .take_while(|v| v.mark(self.spec) == mark)
            .count();
        let first = at + 1 - run;
        Some((self.line[first].start, first == 0))
    }

    pub(super) fn is_running(&self) -> bool {
        self.shown().is_some_and(|v| v.end > self.now)
    }

    /// The change from the period before as a share; absent where a period still runs, for it is no match for a whole one.
    pub(super) fn change(&self) -> Option<(f64, f64, f64)> {
        let (to, from) = (self.shown()?.value?, self.before()?.value?);
        if self.is_running() {
            return None;
        }
        let by = to - from;
        let share = if by == 0.0 {
            0.0
        } else if from == 0.0 {
            f64::INFINITY
        } else {
            by / from.abs()
        };
        Some((from, to, share))
    }

    /// Where it stands when much is wrong, the least first: by state, by what hangs on the subject, by how many times the
    /// limit it is at the worst. Whole times only: a list that is sorted anew with each new value cannot be read.
    pub(super) fn trouble(&self) -> (Mark, u8, Reverse<u64>) {
        // A mean that is to be watched while a district is off target is trouble; a calm one is worth a look.
        let mark = match (self.off().next(), is_loud(self.mark())) {
            (None, _) => self.mark(),
            (Some(_), true) => Mark::Off,
            (Some(_), false) => Mark::Watch,
        };
        let subject = self.spec.id.as_str().split('.').next().unwrap_or_default();
        let values = self.shown().into_iter().chain(&self.districts);
        let beyond = values.map(|v| severity(self.spec, v)).fold(0.0, f64::max);
        (mark, pressing(subject), Reverse(beyond as u64))
    }

    /// Districts that are off target.
    pub(super) fn off(&self) -> impl Iterator<Item = &Known> {
        self.districts.iter().filter(|v| v.mark(self.spec) == Mark::Off)
    }

    pub(super) fn is_simulated(&self) -> bool {
        self.line.iter().chain(&self.districts).any(|v| v.simulated)
    }

    /// Values of periods that have ended.
    pub(super) fn ended(&self) -> impl Iterator<Item = f64> {
        self.line
            .iter()
            .filter(|v| v.end <= self.now)
            .filter_map(|v| v.value)
    }
}

/// How far a value is beyond its limit: above 1 is worse than the limit.
fn severity(spec: &IndicatorSpec, value: &Known) -> f64 {
    let (Some(targets), Some(value)) = (spec.targets, value.value) else {
        return 0.0;
    };
    let (over, under) = match spec.better {
        Better::Lower => (value, targets.limit),
        Better::Higher => (targets.limit, value),
        Better::Neither => return 0.0,
    };
    if under > 0.0 {
        over / under
    } else if over > 0.0 {
        f64::INFINITY
    } else {
        1.0
    }
}

/// How pressing trouble of a subject is, 0 the most: what people's health hangs on, then what moves the city now, the
/// administration's own housekeeping last. The screen has the same order (`web/src/lib/pressing.ts`).
fn pressing(subject: &str) -> u8 {
    match subject {
        "air" | "safety" => 0,
        "traffic" | "transit" | "crime" => 1,
        "organisation" | "feeds" | "devices" | "models" | "lake" => 3,
        _ => 2,
    }
}

/// Values first, then by state.
fn rank(spec: &IndicatorSpec, value: &Known) -> (bool, Mark) {
    (value.value.is_none(), value.mark(spec))
}

fn worse_first(spec: &IndicatorSpec, a: &Known, b: &Known) -> std::cmp::Ordering {
    let number = |v: &Known| v.value.unwrap_or(f64::NAN);
    match spec.better {
        Better::Higher => number(a).total_cmp(&number(b)),
        Better::Lower | Better::Neither => number(b).total_cmp(&number(a)),
    }
}

/// Limits of a series by its moving ranges (XmR chart; Wheeler 1993): the mean ± 3 · mean moving range / 1.128. With fewer
/// than eight values there are none.
pub(super) fn limits(values: &[f64]) -> Option<Limits> {
    const LEAST: usize = 8;
    if values.len() < LEAST {
        return None;
    }
    let centre = values.iter().sum::<f64>() / values.len() as f64;
    let ranges = values.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let reach = 3.0 * (ranges.sum::<f64>() / (values.len() - 1) as f64) / 1.128;
    (reach > 0.0).then_some(Limits {
        centre,
        lower: centre - reach,
        upper: centre + reach,
    })
}

/// The start of the stretch that is shown of a grain when nobody says which, µs of UTC; absent for all.
pub(super) fn usual_start(grain: Grain, now: i64, zone: &Zone) -> Option<i64> {
    let days = match grain {
        Grain::Minute15 => 1,
        Grain::Hour => 7,
        Grain::Day => 30,
        Grain::Week => 365,
        Grain::Month | Grain::Quarter | Grain::Year => return None,
    };
    Some(zone.day_start(zone.local_day(now) - days))
}
