//! The eight entities of the standard: their properties and relations (OGC 18-088, clause 8).

/// An entity type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entity {
    /// An object of the world that devices belong to.
    Thing,
    /// Where a thing is.
    Location,
    /// Where a thing was from some time on.
    HistoricalLocation,
    /// Observations of one property by one sensor of one thing.
    Datastream,
    /// The instrument or procedure.
    Sensor,
    /// What is observed.
    ObservedProperty,
    /// What the observation is about, mostly a place.
    FeatureOfInterest,
    /// One result at one time.
    Observation,
}

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// A JSON object with the caller's own keys.
    Object,
    /// Any JSON value.
    Any,
    /// One instant.
    Instant,
    /// An instant or an interval.
    Period,
    /// GeoJSON, when the encoding type says so.
    Geometry,
    /// The service's own; accepted in a body and left aside, because it is worked out from other data or left out.
    Computed,
}

/// A property of an entity.
#[derive(Debug, PartialEq, Eq)]
pub struct Property {
    /// Name on the wire.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether an entity cannot be without it.
    pub is_required: bool,
}

/// A relation from one entity to another.
#[derive(Debug, PartialEq, Eq)]
pub struct Relation {
    /// Name on the wire: the singular for one, the plural for many.
    pub name: &'static str,
    /// The entity at the other end.
    pub target: Entity,
    /// Whether there may be many.
    pub is_many: bool,
    /// Whether an entity cannot be without it.
    pub is_required: bool,
    /// Whether the record itself holds it; the others are the same relation seen from the other end.
    pub is_own: bool,
}

const fn need(name: &'static str, holds: Holds) -> Property {
    Property {
        name,
        holds,
        is_required: true,
    }
}

const fn may(name: &'static str, holds: Holds) -> Property {
    Property {
        name,
        holds,
        is_required: false,
    }
}

/// A relation to exactly one entity, held by the record.
const fn one(name: &'static str, target: Entity) -> Relation {
    Relation {
        name,
        target,
        is_many: false,
        is_required: true,
        is_own: true,
    }
}

/// Many entities whose records hold the relation.
const fn back(name: &'static str, target: Entity) -> Relation {
    Relation {
        name,
        target,
        is_many: true,
        is_required: false,
        is_own: false,
    }
}

const NAME: Property = need("name", Holds::Text);
const DESCRIPTION: Property = need("description", Holds::Text);
const ENCODING: Property = need("encodingType", Holds::Text);
const PROPERTIES: Property = may("properties", Holds::Object);

static THING: [Property; 3] = [NAME, DESCRIPTION, PROPERTIES];
static LOCATION: [Property; 5] = [
    NAME,
    DESCRIPTION,
    ENCODING,
    need("location", Holds::Geometry),
    PROPERTIES,
];
static HISTORICAL_LOCATION: [Property; 1] = [need("time", Holds::Instant)];
static DATASTREAM: [Property; 8] = [
    NAME,
    DESCRIPTION,
    need("observationType", Holds::Text),
    need("unitOfMeasurement", Holds::Object),
    may("observedArea", Holds::Geometry),
    may("phenomenonTime", Holds::Computed),
    may("resultTime", Holds::Computed),
    PROPERTIES,
];
static SENSOR: [Property; 5] = [
    NAME,
    DESCRIPTION,
    ENCODING,
    need("metadata", Holds::Any),
    PROPERTIES,
];
static OBSERVED_PROPERTY: [Property; 4] = [NAME, need("definition", Holds::Text), DESCRIPTION, PROPERTIES];
static FEATURE_OF_INTEREST: [Property; 5] = [
    NAME,
    DESCRIPTION,
    ENCODING,
    need("feature", Holds::Geometry),
    PROPERTIES,
];
static OBSERVATION: [Property; 6] = [
    may("phenomenonTime", Holds::Period),
    may("resultTime", Holds::Instant),
    need("result", Holds::Any),
    may("resultQuality", Holds::Any),
    may("validTime", Holds::Period),
    may("parameters", Holds::Object),
];

const LOCATIONS: Relation = Relation {
    name: "Locations",
    target: Entity::Location,
    is_many: true,
    is_required: false,
    is_own: true,
};

static OF_THING: [Relation; 3] = [
    back("Datastreams", Entity::Datastream),
    back("HistoricalLocations", Entity::HistoricalLocation),
    LOCATIONS,
];
static OF_LOCATION: [Relation; 2] = [
    back("Things", Entity::Thing),
    back("HistoricalLocations", Entity::HistoricalLocation),
];
static OF_HISTORICAL_LOCATION: [Relation; 2] = [
    one("Thing", Entity::Thing),
    Relation {
        is_required: true,
        ..LOCATIONS
    },
];
static OF_DATASTREAM: [Relation; 4] = [
    one("Thing", Entity::Thing),
    one("Sensor", Entity::Sensor),
    one("ObservedProperty", Entity::ObservedProperty),
    back("Observations", Entity::Observation),
];
static OF_SENSOR: [Relation; 1] = [back("Datastreams", Entity::Datastream)];
static OF_OBSERVATION: [Relation; 2] = [
    one("Datastream", Entity::Datastream),
    Relation {
        // Made from the thing's location when it is not given.
        is_required: false,
        ..one("FeatureOfInterest", Entity::FeatureOfInterest)
    },
];
static OF_FEATURE: [Relation; 1] = [back("Observations", Entity::Observation)];

impl Entity {
    /// All types, as the service root lists them.
    pub const ALL: [Self; 8] = [
        Self::Thing,
        Self::Location,
        Self::HistoricalLocation,
        Self::Datastream,
        Self::Sensor,
        Self::ObservedProperty,
        Self::FeatureOfInterest,
        Self::Observation,
    ];

    /// The types that are records of the registry.
    pub const RECORDS: [Self; 7] = [
        Self::Thing,
        Self::Location,
        Self::HistoricalLocation,
        Self::Datastream,
        Self::Sensor,
        Self::ObservedProperty,
        Self::FeatureOfInterest,
    ];

    /// The name of one.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Thing => "Thing",
            Self::Location => "Location",
            Self::HistoricalLocation => "HistoricalLocation",
            Self::Datastream => "Datastream",
            Self::Sensor => "Sensor",
            Self::ObservedProperty => "ObservedProperty",
            Self::FeatureOfInterest => "FeatureOfInterest",
            Self::Observation => "Observation",
        }
    }

    /// The name of the set.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Thing => "Things",
            Self::Location => "Locations",
            Self::HistoricalLocation => "HistoricalLocations",
            Self::Datastream => "Datastreams",
            Self::Sensor => "Sensors",
            Self::ObservedProperty => "ObservedProperties",
            Self::FeatureOfInterest => "FeaturesOfInterest",
            Self::Observation => "Observations",
        }
    }

    /// The type of that set name.
    pub fn of_set(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.plural() == name)
    }

    /// The type of that name of one.
    pub fn of_one(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.singular() == name)
    }

    /// Its properties, in the order in which they are written.
    pub fn properties(self) -> &'static [Property] {
        match self {
            Self::Thing => &THING,
            Self::Location => &LOCATION,
            Self::HistoricalLocation => &HISTORICAL_LOCATION,
            Self::Datastream => &DATASTREAM,
            Self::Sensor => &SENSOR,
            Self::ObservedProperty => &OBSERVED_PROPERTY,
            Self::FeatureOfInterest => &FEATURE_OF_INTEREST,
            Self::Observation => &OBSERVATION,
        }
    }

    /// Its relations.
    pub fn relations(self) -> &'static [Relation] {
        match self {
            Self::Thing => &OF_THING,
            Self::Location => &OF_LOCATION,
            Self::HistoricalLocation => &OF_HISTORICAL_LOCATION,
            Self::Datastream => &OF_DATASTREAM,
            Self::Sensor | Self::ObservedProperty => &OF_SENSOR,
            Self::FeatureOfInterest => &OF_FEATURE,
            Self::Observation => &OF_OBSERVATION,
        }
    }

    /// The property of that name.
    pub fn property(self, name: &str) -> Option<&'static Property> {
        self.properties().iter().find(|property| property.name == name)
    }

    /// The relation of that name.
    pub fn relation(self, name: &str) -> Option<&'static Relation> {
        self.relations().iter().find(|relation| relation.name == name)
    }

    /// All names that a body or an option may use, for suggestions.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let properties = self.properties().iter().map(|property| property.name);
        properties.chain(self.relations().iter().map(|relation| relation.name))
    }
}
