//! A street: class, direction, limits, lanes, surface, structure.
//!
//! What a tag says wins over what its class implies; what cannot be understood is told, and the class decides.

use super::block::Tags;
use super::feature::Names;
use super::point::Point;
use crate::fault::{Fault, quote};

/// In which direction cars may drive, seen along the nodes of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both.
    Both,
    /// From the first node to the last.
    Forward,
    /// From the last node to the first (`oneway=-1`).
    Backward,
}

impl Direction {
    /// The word of the dataset.
    pub fn word(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Forward => "forward",
            Self::Backward => "backward",
        }
    }
}

/// Where a speed limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitSource {
    /// A number on the map.
    Posted,
    /// A word of the traffic rules on the map, such as `RU:urban`.
    Rule,
    /// Nothing on the map: assumed by the class ([`assumed_kmh`]).
    Assumed,
}

impl LimitSource {
    /// The word of the dataset.
    pub fn word(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Rule => "rule",
            Self::Assumed => "assumed",
        }
    }
}

/// A speed limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// km/h.
    pub kmh: f64,
    /// Where it comes from.
    pub source: LimitSource,
}

/// A street.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that a map tells"
)]
#[derive(Debug, Clone, PartialEq)]
pub struct Road {
    /// The way.
    pub id: i64,
    /// Value of `highway`.
    pub class: String,
    /// Ids of its nodes, two or more.
    pub nodes: Vec<i64>,
    /// Their places, one for each node.
    pub points: Vec<Point>,
    /// Direction of cars.
    pub direction: Direction,
    /// `junction=roundabout` or `circular`.
    pub is_roundabout: bool,
    /// Limit from the first node to the last; `None` for classes that are not for cars and say nothing.
    pub forward_limit: Option<Limit>,
    /// Limit from the last node to the first.
    pub backward_limit: Option<Limit>,
    /// Cars of the public may drive here at all.
    pub is_for_cars: bool,
    /// Lanes of both directions together.
    pub lanes: Option<i64>,
    /// Value of `surface`.
    pub surface: Option<String>,
    /// On a bridge.
    pub is_bridge: bool,
    /// In a tunnel.
    pub is_tunnel: bool,
    /// Which lies above which; 0 on the ground.
    pub layer: i64,
    /// Names.
    pub names: Names,
}

/// What a road may not be: these values of `highway` are no streets.
const NO_STREETS: [&str; 6] = ["platform", "rest_area", "services", "bus_stop", "elevator", "no"];

/// Classes on which cars drive, with the limit in km/h that is assumed where the map says nothing. The numbers are those of
/// streets within towns under rules like those of most states of the former Soviet Union (60; 20 in yards; 110 on
/// motorways): an assumption for travel times, not a fact about a street, and marked so.
const CAR_CLASSES: [(&str, f64); 16] = [
    ("motorway", 110.0),
    ("motorway_link", 60.0),
    ("trunk", 90.0),
    ("trunk_link", 60.0),
    ("primary", 60.0),
    ("primary_link", 60.0),
    ("secondary", 60.0),
    ("secondary_link", 60.0),
    ("tertiary", 60.0),
    ("tertiary_link", 60.0),
    ("unclassified", 60.0),
    ("residential", 60.0),
    ("living_street", 20.0),
    ("service", 20.0),
    ("road", 60.0),
    ("track", 20.0),
];

/// Limits that a word stands for, km/h. A country that is missing is told as a problem: no number is guessed for it.
const RULES: [(&str, f64); 6] = [
    ("RU:urban", 60.0),
    ("RU:rural", 90.0),
    ("RU:motorway", 110.0),
    ("RU:living_street", 20.0),
    ("KZ:urban", 60.0),
    ("KZ:living_street", 20.0),
];

/// What cars of the public may not use.
const CLOSED: [&str; 2] = ["no", "private"];

/// Kilometres in a mile and in a nautical mile.
const MILE_KM: f64 = 1.609_344;
const NAUTICAL_MILE_KM: f64 = 1.852;

/// The limit that is assumed for a class where the map says nothing, km/h; `None` for classes that are not for cars.
pub fn assumed_kmh(class: &str) -> Option<f64> {
    CAR_CLASSES
        .iter()
        .find(|(known, _)| *known == class)
        .map(|(_, kmh)| *kmh)
}

/// True when a way of this `highway` is a street.
pub(super) fn is_street(class: &str) -> bool {
    !NO_STREETS.contains(&class)
}

impl Road {
    /// Speeds for cars along and against the nodes, km/h; `None` where they may not drive.
    pub fn car_kmh(&self) -> (Option<f64>, Option<f64>) {
        let open = |closed: Direction, limit: Option<Limit>| {
            limit
                .filter(|_| self.is_for_cars && self.direction != closed)
                .map(|limit| limit.kmh)
        };
        (
            open(Direction::Backward, self.forward_limit),
            open(Direction::Forward, self.backward_limit),
        )
    }

    /// Reads the tags of a street; what they say wrong goes to `notes`.
    pub(super) fn of(
        id: i64,
        class: &str,
        tags: Tags<'_>,
        nodes: Vec<i64>,
        points: Vec<Point>,
        notes: &mut Vec<Fault>,
    ) -> Self {
        let is_roundabout = matches!(tags.get("junction"), Some("roundabout" | "circular"));
        let direction = direction(class, is_roundabout, tags, notes);
        let common = limit(tags, "maxspeed", notes);
        let assumed = assumed_kmh(class).map(|kmh| Limit {
            kmh,
            source: LimitSource::Assumed,
        });
        let forward_limit = limit(tags, "maxspeed:forward", notes).or(common).or(assumed);
        let backward_limit = limit(tags, "maxspeed:backward", notes).or(common).or(assumed);
        let is_set = |key: &str| tags.get(key).is_some_and(|value| value != "no");
        Self {
            id,
            class: class.to_owned(),
            nodes,
            points,
            direction,
            is_roundabout,
            forward_limit,
            backward_limit,
            is_for_cars: assumed.is_some() && is_open(tags),
            lanes: whole(tags, "lanes", (1, 20), notes),
            surface: tags.get("surface").map(str::to_owned),
            is_bridge: is_set("bridge"),
            is_tunnel: is_set("tunnel"),
            layer: whole(tags, "layer", (-10, 10), notes).unwrap_or(0),
            names: Names::of(tags),
        }
    }
}

/// The most particular word about cars decides.
fn is_open(tags: Tags<'_>) -> bool {
    let keys = ["motorcar", "motor_vehicle", "vehicle", "access"];
    let word = keys.into_iter().find_map(|key| tags.get(key));
    !word.is_some_and(|word| CLOSED.contains(&word))
}

fn direction(class: &str, is_roundabout: bool, tags: Tags<'_>, notes: &mut Vec<Fault>) -> Direction {
    let implied = if is_roundabout || class == "motorway" {
        Direction::Forward
    } else {
        Direction::Both
    };
    match tags.get("oneway").map(str::trim) {
        None => implied,
        Some("yes" | "true" | "1") => Direction::Forward,
        Some("-1" | "reverse") => Direction::Backward,
        Some("no" | "false" | "0") => Direction::Both,
        Some(word @ ("reversible" | "alternating")) => {
            let message = format!(
                "`{word}` changes with the hour, which is not known here; both directions are assumed"
            );
            notes.push(Fault::new("changing_direction", message).of("oneway"));
            Direction::Both
        }
        Some(word) => {
            let message = format!(
                "{} is no direction (yes, no, -1); what the class implies is used",
                quote(word.as_bytes())
            );
            notes.push(Fault::new("bad_direction", message).of("oneway"));
            implied
        }
    }
}

/// A limit in km/h. `none`, `walk`, `signals` and `variable` name no number: the class decides, without a note.
fn limit(tags: Tags<'_>, key: &'static str, notes: &mut Vec<Fault>) -> Option<Limit> {
    let text = tags.get(key)?.trim();
    if matches!(text, "none" | "walk" | "signals" | "variable") {
        return None;
    }
    if let Some((_, kmh)) = RULES.iter().find(|(word, _)| *word == text) {
        return Some(Limit {
            kmh: *kmh,
            source: LimitSource::Rule,
        });
    }
    let Some(kmh) = speed_kmh(text) else {
        let message = format!(
            "{} is no speed limit that is understood (60, 40 mph, RU:urban); that of the class is assumed",
            quote(text.as_bytes())
        );
        notes.push(Fault::new("bad_speed", message).of(key));
        return None;
    };
    Some(Limit {
        kmh,
        source: LimitSource::Posted,
    })
}

/// `60`, `60 km/h`, `40 mph`, `10 knots`; of several the lowest. More than 200 km/h is no limit of a street.
fn speed_kmh(text: &str) -> Option<f64> {
    let mut lowest: Option<f64> = None;
    for part in text.split(';') {
        let part = part.trim();
        let digits = part
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(part.len());
        let number: f64 = part[..digits].parse().ok()?;
        let factor = match part[digits..].trim() {
            "" | "km/h" | "kmh" | "kph" => 1.0,
            "mph" => MILE_KM,
            "knots" => NAUTICAL_MILE_KM,
            _ => return None,
        };
        let kmh = number * factor;
        if !(1.0..=200.0).contains(&kmh) {
            return None;
        }
        lowest = Some(lowest.map_or(kmh, |lowest| lowest.min(kmh)));
    }
    lowest
}

fn whole(tags: Tags<'_>, key: &'static str, (low, high): (i64, i64), notes: &mut Vec<Fault>) -> Option<i64> {
    let text = tags.get(key)?.trim();
    let number = text
        .parse::<i64>()
        .ok()
        .filter(|number| (low..=high).contains(number));
    if number.is_none() {
        let message = format!(
            "{} is no whole number from {low} to {high}; it is left out",
            quote(text.as_bytes())
        );
        notes.push(Fault::new("bad_number", message).of(key));
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_in_kilometres_an_hour() {
        assert_eq!(speed_kmh("60"), Some(60.0));
        assert_eq!(speed_kmh("60 km/h"), Some(60.0));
        assert_eq!(speed_kmh("25 mph"), Some(40.2336));
        assert_eq!(speed_kmh("25mph"), Some(40.2336));
        assert_eq!(speed_kmh("10 knots"), Some(18.52));
        assert_eq!(speed_kmh("80;60"), Some(60.0));
        for text in ["", "fast", "60 m/s", "-60", "0", "999", "60;", "1e3", "."] {
            assert_eq!(speed_kmh(text), None, "{text}");
        }
    }

    #[test]
    fn classes_have_limits_only_when_cars_use_them() {
        assert_eq!(assumed_kmh("residential"), Some(60.0));
        assert_eq!(assumed_kmh("footway"), None);
        assert!(is_street("footway") && !is_street("platform"));
    }
}
