//! Road safety: how much is driven on each street segment, how often crashes happen there, who is hurt, and what was
//! built against it. The crashes themselves are the incidents of that kind, so that the register and the map tell of the same ones.
//!
//! Crashes of a segment in a year: `length_km · c · AADT^0.75 · effect`, with `c` by class of street and an effect of mean 1 that
//! stands for everything nobody measured; so counts are negative binomial over the segments of a class. A few segments
//! are dangerous beyond that. Every April something is built where most crashes were counted in the winter before, as cities do; so a
//! look at the same places before and after shows fewer crashes even where what was built does nothing.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::Shape;
use super::dice::{Chooser, Dice};
use super::facts::DISTRICTS;
use super::incidents::{Incident, Incidents};
use super::shape::locate;
use super::streets::{Network, StreetClass, km_from_centre};
use super::traffic::Detector;
use super::truth::CityTruth;
use crate::clock::{date_text, month_start};

/// Crashes a year since 2024, and before (CITY-FACTS section 11). The step is a change of counting: since 2024 everybody who
/// sought medical help counts (CITY-FACTS section 9). Those with killed or seriously injured people were always counted.
pub(super) const CRASHES: f64 = 6_000.0;
pub(super) const CRASHES_BEFORE: f64 = 3_800.0;
/// 1 January 2024 00:00 in UTC+6, in µs.
pub(super) const NEW_COUNTING: i64 = 1_704_045_600 * crate::clock::SECOND;
/// Injured a year since 2024, and before; killed, and seriously injured as 12 % of 7,500 (CITY-FACTS section 11).
const INJURED: f64 = 7_500.0;
const INJURED_BEFORE: f64 = 4_900.0;
const KILLED: f64 = 68.0;
const SERIOUS: f64 = 900.0;
/// Share of fatal crashes with two killed (assumption).
const TWO_KILLED: f64 = 0.1;

/// Full hours of peak demand in a mean day: the curves of the demand added up over a week, and the mean of the months.
const PEAK_HOURS: f64 = 12.15;
/// Demand of a local street as a share of its capacity (assumption).
const LOCAL_LOAD: (f64, f64) = (0.03, 0.10);
/// Vehicles an hour on a lane at signals, as for the detectors.
const LANE_VEH_H: f64 = 900.0;
/// Classes with the relative rate of crashes and how many squares of nearly normal numbers make the unmeasured effect of a
/// segment; each has the variance 1.7, so the overdispersion is 1.7 over their number (assumptions).
const CLASSES: [(StreetClass, f64, usize); 3] = [
    (StreetClass::Main, 1.0, 5),
    (StreetClass::Collector, 1.15, 4),
    (StreetClass::Local, 1.3, 2),
];
/// Power of the traffic in the number of crashes (METHODS section 2: 0.49 to 0.70 and above; 3/4 needs square roots only).
const SLOPE: f64 = 0.75;
/// Segments on which crashes happen many times as often as on others like them (assumption).
const DANGEROUS: usize = 12;
const DANGER: f64 = 8.0;
/// Years in which something is built, on 1 April, and on how many segments (assumption).
const BUILT: std::ops::Range<i32> = 2022..2032;
const A_YEAR: usize = 24;
/// Crashes after as a share of those before: what raised crossings do, and what new paint does (assumptions).
const RAISED: f64 = 0.6;
const PAINT: f64 = 1.0;

/// Something built on a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Treatment {
    /// Segment.
    pub segment_id: String,
    /// Local day from which it works, days since 1970.
    pub day: i32,
    /// What it is: `raised_crossing` or `markings`.
    pub kind: &'static str,
    /// True crashes after as a share of those before, all else equal.
    pub effect: f64,
}

/// What is true of the crashes on a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct CrashRisk {
    /// Segment.
    pub segment_id: String,
    /// Class of street.
    pub facility: StreetClass,
    /// Length, km.
    pub length_km: f64,
    /// Vehicles on a mean day, both directions.
    pub aadt: i64,
    /// Crashes a year on a mean segment of that class, length and traffic.
    pub predicted: f64,
    /// Crashes a year here before anything was built, by the counting since 2024.
    pub rate: f64,
    /// True where the rate is planted far above that of segments like it.
    pub is_dangerous: bool,
}

/// How crashes of a class of street depend on traffic: `length_km · exp(intercept) · aadt^slope` a year.
#[derive(Debug, Clone, PartialEq)]
pub struct CrashFunction {
    /// Class of street.
    pub facility: StreetClass,
    /// Intercept of the logarithm.
    pub intercept: f64,
    /// Power of the traffic.
    pub slope: f64,
    /// Variance less mean, over the square of the mean.
    pub overdispersion: f64,
}

/// A crash with those it hurt.
#[derive(Debug, Clone, PartialEq)]
pub struct Crash {
    /// Id: that of the incident.
    pub id: String,
    /// When, µs since 1970.
    pub t: i64,
    /// Segment.
    pub segment_id: String,
    /// Killed.
    pub killed: i64,
    /// Injured, the seriously injured among them.
    pub injured: i64,
    /// Seriously injured.
    pub serious: i64,
}

/// What stands still of road safety.
#[derive(Debug, Clone)]
pub(super) struct Safety {
    aadt: Vec<i64>,
    predicted: Vec<f64>,
    rate: Vec<f64>,
    chooser: Chooser,
    /// Relative rate of a class times this is crashes a year.
    scale: f64,
    dangerous: Vec<usize>,
    treatments: Vec<Treatment>,
    /// Positions in the list of treatments by segment; none is treated twice.
    treated: BTreeMap<usize, usize>,
}

/// Traffic of a mean day on each segment, both directions.
fn volumes(dice: Dice, network: &Network, detectors: &[Detector]) -> Vec<i64> {
    let mut loads: Vec<f64> = network
        .segments
        .iter()
        .enumerate()
        .map(|(index, segment)| match network.streets[segment.street].class {
            StreetClass::Local => dice.between(index, 1, LOCAL_LOAD.0, LOCAL_LOAD.1),
            _ => {
                let far = km_from_centre(network.along(segment, 0.5));
                dice.between(index, 1, 0.55, 0.9) - (far * 0.015).min(0.25)
            }
        })
        .collect();
    // Where it is counted, it is what is counted.
    for detector in detectors {
        loads[detector.segment] = detector.load;
    }
    let of = network.segments.iter().zip(loads);
    of.map(|(segment, load)| {
        let lanes = network.streets[segment.street].class.lanes() as f64;
        (2.0 * LANE_VEH_H * lanes * load * PEAK_HOURS).round() as i64
    })
    .collect()
}

/// Relative rate and number of squares of a class.
fn class_of(class: StreetClass) -> (f64, usize) {
    let found = CLASSES.iter().find(|c| c.0 == class);
    found.map_or((1.0, 1), |c| (c.1, c.2))
}

impl Safety {
    pub(super) fn new(seed: u64, network: &Network, detectors: &[Detector]) -> Self {
        let dice = Dice::new(seed, "city/safety");
        let aadt = volumes(dice, network, detectors);
        let relative: Vec<f64> = network
            .segments
            .iter()
            .zip(&aadt)
            .map(|(segment, aadt)| {
                let root = (*aadt as f64).sqrt();
                class_of(network.streets[segment.street].class).0 * segment.metres / 1000.0
                    * root
                    * root.sqrt()
            })
            .collect();
        let mut rate: Vec<f64> = network
            .segments
            .iter()
            .enumerate()
            .map(|(index, segment)| {
                let (_, squares) = class_of(network.streets[segment.street].class);
                let square = |n: usize| {
                    let normal = dice.normal(index, 10 + n as i64);
                    normal * normal
                };
                relative[index] * (0..squares).map(square).sum::<f64>() / squares as f64
            })
            .collect();
        let mut through: Vec<usize> = (0..rate.len())
            .filter(|s| network.streets[network.segments[*s].street].class != StreetClass::Local)
            .collect();
        through.sort_by_key(|s| dice.bits(*s, 2));
        let dangerous: Vec<usize> = through.into_iter().take(DANGEROUS).collect();
        for segment in &dangerous {
            rate[*segment] = relative[*segment] * DANGER;
        }
        let scale = CRASHES / rate.iter().sum::<f64>().max(1.0);
        for value in &mut rate {
            *value *= scale;
        }
        Self {
            predicted: relative.iter().map(|r| r * scale).collect(),
            chooser: Chooser::new(rate.iter().copied()),
            aadt,
            rate,
            scale,
            dangerous,
            treatments: Vec::new(),
            treated: BTreeMap::new(),
        }
    }

    /// The segment of a crash on a local day; none when what was built there prevented it. Both numbers are from 0 to 1.
    pub(super) fn segment(&self, day: i32, place: f64, luck: f64) -> Option<usize> {
        let segment = self.chooser.pick(place);
        let built = self.treated.get(&segment).map(|n| &self.treatments[*n]);
        let left = built.filter(|t| t.day <= day).map_or(1.0, |t| t.effect);
        (luck < left).then_some(segment)
    }

    /// Where something moves: traffic times length, by segment.
    pub(super) fn driven(&self, network: &Network) -> Chooser {
        let of = network.segments.iter().zip(&self.aadt);
        Chooser::new(of.map(|(segment, aadt)| segment.metres * *aadt as f64))
    }
}

/// Builds something every year where most crashes were counted from January to March. What was built in the years before is felt
/// in the count.
pub(super) fn treat(shape: &mut Shape) {
    let dice = Dice::new(shape.seed, "city/treatments");
    for year in BUILT {
        let (first, day) = (month_start(year, 1), month_start(year, 4));
        let mut counts = vec![0_u32; shape.network.segments.len()];
        for crash in crashes(shape, shape.zone.day_start(first), shape.zone.day_start(day)) {
            counts[crash.segment] += 1;
        }
        let safety = &shape.safety;
        let mut worst: Vec<usize> = (0..counts.len())
            .filter(|s| !safety.dangerous.contains(s) && !safety.treated.contains_key(s))
            .collect();
        worst.sort_by_key(|s| (Reverse(counts[*s]), dice.bits(*s, i64::from(year))));
        for (n, segment) in worst.into_iter().take(A_YEAR).enumerate() {
            let is_raised = n % 2 == 0;
            let safety = &mut shape.safety;
            safety.treated.insert(segment, safety.treatments.len());
            safety.treatments.push(Treatment {
                segment_id: segment_id(segment),
                day,
                kind: if is_raised { "raised_crossing" } else { "markings" },
                effect: if is_raised { RAISED } else { PAINT },
            });
        }
    }
}

fn segment_id(segment: usize) -> String {
    format!("SIM-SG{:05}", segment + 1)
}

/// Natural logarithm from additions, multiplications and divisions only, so that all machines agree on its last bit.
fn logarithm(value: f64) -> f64 {
    let (mut mantissa, mut halvings) = (value, 0.0);
    while mantissa > 1.5 {
        mantissa /= 2.0;
        halvings += 1.0;
    }
    while mantissa < 0.75 {
        mantissa *= 2.0;
        halvings -= 1.0;
    }
    let part = (mantissa - 1.0) / (mantissa + 1.0);
    let (mut term, mut sum) = (part, 0.0);
    for odd in (1..60).step_by(2) {
        sum += term / f64::from(odd);
        term *= part * part;
    }
    2.0 * sum + halvings * std::f64::consts::LN_2
}

/// What the register says of a crash; the police leave out some of it.
struct Entry {
    crash: Crash,
    pedestrian: Option<bool>,
    cyclist: Option<bool>,
    cause: &'static str,
    has_place: bool,
}

/// Causes as the police name them, with their shares (assumption); the last is an empty field.
const CAUSES: [(&str, f64); 6] = [
    ("speed", 0.24),
    ("right_of_way", 0.22),
    ("pedestrian_crossing", 0.18),
    ("distance", 0.16),
    ("manoeuvre", 0.12),
    ("", 0.08),
];

fn entry(shape: &Shape, incident: &Incident) -> Entry {
    let dice = Dice::new(shape.seed, "city/crashes");
    let unit = |purpose: usize| dice.unit(purpose + 100 * incident.segment, incident.from);
    let is_new = incident.from >= NEW_COUNTING;
    let (crashes, hurt) = if is_new {
        (CRASHES, INJURED)
    } else {
        (CRASHES_BEFORE, INJURED_BEFORE)
    };
    let fatal = unit(1) < KILLED / (1.0 + TWO_KILLED) / crashes;
    let killed = i64::from(fatal) * (1 + i64::from(unit(2) < TWO_KILLED));
    // Everybody else in a crash that counts is hurt: one, and others with the chance that gives the mean.
    let more = hurt / crashes - 1.0;
    let injured = 1 + i64::from(unit(3) < more * 0.8) + 2 * i64::from(unit(4) < more * 0.1);
    let serious = (0..injured)
        .filter(|n| unit(5 + *n as usize) < SERIOUS / hurt)
        .count() as i64;
    let known = |purpose: usize, missing: f64, share: f64| {
        (unit(purpose) >= missing).then(|| unit(purpose + 1) < share)
    };
    let pedestrian = known(20, 0.03, 0.38);
    let cyclist = known(22, 0.03, if pedestrian == Some(true) { 0.0 } else { 0.06 });
    let causes = Chooser::new(CAUSES.map(|c| c.1));
    Entry {
        crash: Crash {
            id: incident.id.clone(),
            t: incident.from,
            segment_id: segment_id(incident.segment),
            killed,
            injured,
            serious,
        },
        pedestrian,
        cyclist,
        cause: CAUSES[causes.pick(unit(24))].0,
        has_place: unit(25) >= 0.015,
    }
}

/// The crashes from `from` (included) to `to` (excluded), in the order of time.
fn crashes(shape: &Shape, from: i64, to: i64) -> Vec<Incident> {
    let all = shape.incidents.between(shape, from, to).into_iter();
    let mut list: Vec<Incident> = all
        .filter(|i| i.kind == "crash" && i.from >= from && i.from < to)
        .collect();
    list.sort_by(|a, b| (a.from, &a.id).cmp(&(b.from, &b.id)));
    list
}

/// The crashes of a window as a table; none when there was none.
pub(super) fn report(shape: &Shape, from: i64, to: i64) -> Option<String> {
    let list = crashes(shape, from, to);
    let mut text = String::from(
        "crash_id,t,severity,killed,injured,seriously_injured,pedestrian,cyclist,cause,segment_id,place_id,lon,lat\n",
    );
    for incident in &list {
        let Entry {
            crash,
            pedestrian,
            cyclist,
            cause,
            has_place,
        } = entry(shape, incident);
        let severity = match (crash.killed, crash.serious) {
            (0, 0) => "slight",
            (0, _) => "serious",
            _ => "fatal",
        };
        let word = |flag: Option<bool>| flag.map_or("", |f| if f { "true" } else { "false" });
        let place = if has_place {
            let district = locate(&shape.districts, incident.point);
            format!(
                "{},{},{:.6},{:.6}",
                crash.segment_id,
                district.map_or("", |d| DISTRICTS[d].id),
                incident.point.lon,
                incident.point.lat
            )
        } else {
            ",,,".to_owned()
        };
        let _ = writeln!(
            text,
            "{},{},{severity},{},{},{},{},{},{cause},{place}",
            crash.id,
            shape.zone.format(crash.t),
            crash.killed,
            crash.injured,
            crash.serious,
            word(pedestrian),
            word(cyclist)
        );
    }
    (!list.is_empty()).then_some(text)
}

/// Traffic of a mean day by segment, as a table.
pub(super) fn list_volumes(shape: &Shape) -> String {
    let counted: std::collections::BTreeSet<usize> = shape.detectors.iter().map(|d| d.segment).collect();
    let mut text = String::from("segment_id,aadt,method\n");
    for (segment, aadt) in shape.safety.aadt.iter().enumerate() {
        let method = if counted.contains(&segment) {
            "counted"
        } else {
            "estimated"
        };
        let _ = writeln!(text, "{},{aadt},{method}", segment_id(segment));
    }
    text
}

/// How crashes depend on traffic, as a table: what a traffic institute would have fitted.
pub(super) fn list_functions(shape: &Shape) -> String {
    let mut text = String::from("facility,intercept,slope,overdispersion\n");
    for function in functions(&shape.safety) {
        let _ = writeln!(
            text,
            "{},{:.4},{SLOPE},{}",
            function.facility.as_str(),
            function.intercept,
            function.overdispersion
        );
    }
    text
}

/// What was built until a local day (days since 1970), as a table.
pub(super) fn list_treatments(shape: &Shape, today: i32) -> String {
    let mut text = String::from("treatment_id,segment_id,kind,built_on,cost_kzt\n");
    let done = shape.safety.treatments.iter().filter(|t| t.day <= today);
    for (index, treatment) in done.enumerate() {
        let cost = if treatment.kind == "markings" {
            1_200_000
        } else {
            9_500_000
        };
        let _ = writeln!(
            text,
            "SIM-TR{:03},{},{},{},{cost}",
            index + 1,
            treatment.segment_id,
            treatment.kind,
            date_text(treatment.day)
        );
    }
    text
}

fn functions(safety: &Safety) -> Vec<CrashFunction> {
    let of = CLASSES.iter().map(|(class, relative, squares)| CrashFunction {
        facility: *class,
        intercept: logarithm(relative * safety.scale),
        slope: SLOPE,
        overdispersion: 1.7 / *squares as f64,
    });
    of.collect()
}

impl CityTruth<'_> {
    /// What is true of the crashes on every street segment.
    pub fn crash_risks(&self) -> Vec<CrashRisk> {
        let (network, safety) = (&self.shape.network, &self.shape.safety);
        let segments = network.segments.iter().enumerate();
        segments
            .map(|(index, segment)| CrashRisk {
                segment_id: segment_id(index),
                facility: network.streets[segment.street].class,
                length_km: segment.metres / 1000.0,
                aadt: safety.aadt[index],
                predicted: safety.predicted[index],
                rate: safety.rate[index],
                is_dangerous: safety.dangerous.contains(&index),
            })
            .collect()
    }

    /// How crashes depend on traffic, by class of street.
    pub fn crash_functions(&self) -> Vec<CrashFunction> {
        functions(&self.shape.safety)
    }

    /// What was and will be built, with its true effect.
    pub fn treatments(&self) -> Vec<Treatment> {
        self.shape.safety.treatments.clone()
    }

    /// The crashes from `from` (included) to `to` (excluded), µs since 1970, with all they hurt.
    pub fn crashes(&self, from: i64, to: i64) -> Vec<Crash> {
        let list = crashes(self.shape, from, to);
        list.iter().map(|i| entry(self.shape, i).crash).collect()
    }

    /// Years' worth of crashes in a window (µs since 1970) by demand, weather and counting: a segment's rate times this is what
    /// is to be expected of it while nothing is built.
    pub fn crash_years(&self, from: i64, to: i64) -> f64 {
        Incidents::expected_crashes(self.shape, from, to) / CRASHES
    }
}
