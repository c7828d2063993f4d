//! What a map tells a city: streets, junctions, buildings, objects, boundaries.

use qala_core::Problem;

use super::block::Tags;
use super::point::{Point, Polygon};
use super::road::Road;
use super::turn::TurnRule;
use crate::Stopped;

/// Takes what a map holds, in the order in which it is found.
pub trait Receiver {
    /// Something that the map shows.
    ///
    /// # Errors
    /// The receiver gives up; the reading ends.
    fn feature(&mut self, feature: Feature) -> Result<(), Stopped>;
    /// Something that is wrong with the map.
    ///
    /// # Errors
    /// The receiver gives up; the reading ends.
    fn problem(&mut self, problem: Problem) -> Result<(), Stopped>;
}

/// Something that a map shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Feature {
    /// A way with the key `highway`, platforms apart.
    Street(Road),
    /// A node where three or more arms of streets for cars meet.
    Junction(Junction),
    /// A way or multipolygon with the key `building`.
    Building(Building),
    /// A school, a stop, a named place.
    Object(Object),
    /// An administrative boundary.
    Boundary(Boundary),
    /// A rule about a turn of cars.
    Turn(TurnRule),
}

/// An element of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    /// A node.
    Node(i64),
    /// A way.
    Way(i64),
    /// A relation.
    Relation(i64),
}

impl std::fmt::Display for Element {
    /// `n`, `w` or `r`, and the number: `w4305`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Node(id) => write!(f, "n{id}"),
            Self::Way(id) => write!(f, "w{id}"),
            Self::Relation(id) => write!(f, "r{id}"),
        }
    }
}

/// Names, as they stand on the map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// `name`: in the language of the place.
    pub local: Option<String>,
    /// `name:kk`.
    pub kk: Option<String>,
    /// `name:ru`.
    pub ru: Option<String>,
    /// `name:en`.
    pub en: Option<String>,
}

impl Names {
    pub(super) fn of(tags: Tags<'_>) -> Self {
        let own = |key: &str| {
            tags.get(key)
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
        };
        Self {
            local: own("name"),
            kk: own("name:kk"),
            ru: own("name:ru"),
            en: own("name:en"),
        }
    }
}

/// Where streets meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Junction {
    /// The node.
    pub node: i64,
    /// Its place.
    pub point: Point,
    /// Arms of streets for cars: 1 for each end here, 2 for each street that passes. At most 255.
    pub arms: u8,
    /// The node itself carries traffic signals.
    pub has_signals: bool,
}

/// A building.
#[derive(Debug, Clone, PartialEq)]
pub struct Building {
    /// The element.
    pub element: Element,
    /// Value of `building`, such as `yes`, `apartments`, `school`.
    pub kind: String,
    /// Floors above ground, if they are told as a number.
    pub levels: Option<f64>,
    /// Street of the address.
    pub street: Option<String>,
    /// House number.
    pub house_number: Option<String>,
    /// Names.
    pub names: Names,
    /// Its outline: one polygon or several.
    pub outline: Vec<Polygon>,
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// `amenity=school`.
    School,
    /// `amenity=kindergarten`.
    Kindergarten,
    /// `highway=bus_stop`.
    BusStop,
    /// `public_transport`, `highway` or `railway` = `platform`, where it is no bus stop.
    Platform,
    /// `place=…` with a name.
    Place,
}

impl ObjectKind {
    /// The word of the dataset.
    pub fn word(self) -> &'static str {
        match self {
            Self::School => "school",
            Self::Kindergarten => "kindergarten",
            Self::BusStop => "bus_stop",
            Self::Platform => "platform",
            Self::Place => "place",
        }
    }

    /// What the tags of an element say; the first that fits, so that one element is one object.
    pub(super) fn of(tags: Tags<'_>) -> Option<Self> {
        match tags.get("amenity") {
            Some("school") => return Some(Self::School),
            Some("kindergarten") => return Some(Self::Kindergarten),
            _ => {}
        }
        if tags.get("highway") == Some("bus_stop") {
            return Some(Self::BusStop);
        }
        let is_platform = |key| tags.get(key) == Some("platform");
        if ["public_transport", "highway", "railway"]
            .into_iter()
            .any(is_platform)
        {
            return Some(Self::Platform);
        }
        (tags.get("place").is_some() && tags.get("name").is_some()).then_some(Self::Place)
    }
}

/// A school, a stop, a named place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The element.
    pub element: Element,
    /// What it is.
    pub kind: ObjectKind,
    /// For a named place what kind of place: value of `place`.
    pub place: Option<String>,
    /// Names.
    pub names: Names,
    /// Number or code that people see there (`ref`).
    pub code: Option<String>,
    /// Its place; of an area its centre of mass.
    pub point: Point,
}

/// An administrative boundary.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    /// The element.
    pub element: Element,
    /// `admin_level`, 1 to 15.
    pub level: Option<i64>,
    /// Names.
    pub names: Names,
    /// Its area.
    pub area: Vec<Polygon>,
}

/// What an area is, whether drawn by one way or by a relation.
#[derive(Default)]
pub(super) struct AreaTags<'b> {
    pub(super) building: Option<&'b str>,
    pub(super) object: Option<ObjectKind>,
    pub(super) is_boundary: bool,
}

impl<'b> AreaTags<'b> {
    pub(super) fn of(tags: Tags<'b>) -> Self {
        Self {
            building: tags.get("building").filter(|value| *value != "no"),
            object: ObjectKind::of(tags),
            is_boundary: tags.get("boundary") == Some("administrative"),
        }
    }

    /// Dataset rows that the area makes.
    pub(super) fn rows(&self) -> u64 {
        u64::from(self.building.is_some()) + u64::from(self.object.is_some()) + u64::from(self.is_boundary)
    }
}

impl Building {
    pub(super) fn of(element: Element, kind: &str, tags: Tags<'_>, outline: Vec<Polygon>) -> Self {
        let own = |key| tags.get(key).map(str::to_owned);
        let levels = tags
            .get("building:levels")
            .and_then(|text| text.trim().parse::<f64>().ok());
        Self {
            element,
            kind: kind.to_owned(),
            levels: levels.filter(|levels| levels.is_finite() && (0.0..=200.0).contains(levels)),
            street: own("addr:street"),
            house_number: own("addr:housenumber"),
            names: Names::of(tags),
            outline,
        }
    }
}

impl Object {
    pub(super) fn of(element: Element, kind: ObjectKind, tags: Tags<'_>, point: Point) -> Self {
        let place = tags.get("place").filter(|_| kind == ObjectKind::Place);
        Self {
            element,
            kind,
            place: place.map(str::to_owned),
            names: Names::of(tags),
            code: tags.get("ref").map(str::to_owned),
            point,
        }
    }
}

impl Boundary {
    pub(super) fn of(element: Element, tags: Tags<'_>, area: Vec<Polygon>) -> Self {
        let level = tags
            .get("admin_level")
            .and_then(|text| text.trim().parse::<i64>().ok());
        Self {
            element,
            level: level.filter(|level| (1..=15).contains(level)),
            names: Names::of(tags),
            area,
        }
    }
}
