//! `$filter`: words, their meaning for one entity type, and their types (clause 9.3.3.5).
//!
//! What belongs here: reading an expression and refusing one that makes no sense. What does not: asking the lake; rows
//! of observations are chosen by SQL (`qala-app`), the other entities by [`super::evaluate`].

mod parse;
mod word;

use std::collections::BTreeSet;
use std::sync::Arc;

use geo::Geometry;

pub use self::parse::{parse, parse_path};
use crate::sensorthings::{Entity, Holds, Period, Property, Relation};

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number; `is_whole` when it was written without a point and is exact.
    Number {
        /// The value.
        value: f64,
        /// The exact whole number.
        whole: Option<i64>,
    },
    /// Text.
    Text(String),
    /// An instant or an interval.
    Time(Period),
    /// A date: days since 1970.
    Date(i32),
    /// Seconds of a day.
    TimeOfDay(f64),
    /// A duration in µs.
    Duration(i64),
    /// A geometry in degrees of WGS 84.
    Geometry(Geometry),
}

/// Comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
}

/// Arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `add`
    Add,
    /// `sub`
    Subtract,
    /// `mul`
    Multiply,
    /// `div`
    Divide,
    /// `mod`
    Remainder,
}

macro_rules! functions {
    ($($name:ident $word:literal $from:literal..=$to:literal $kind:ident,)*) => {
        /// A function.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Function {
            $(
                #[doc = concat!("`", $word, "`")]
                $name,
            )*
        }

        impl Function {
            /// The function of that name.
            fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name),)*
                    // The name of OData 4; its parameters are the other way round, which the parser mends.
                    "contains" => Some(Self::SubstringOf),
                    _ => None,
                }
            }

            /// Its name.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            fn parameters(self) -> std::ops::RangeInclusive<usize> {
                match self { $(Self::$name => $from..=$to,)* }
            }

            fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)* }
            }

            fn words() -> impl Iterator<Item = &'static str> {
                [$($word,)*].into_iter()
            }
        }
    };
}

functions! {
    SubstringOf "substringof" 2..=2 Bool,
    EndsWith "endswith" 2..=2 Bool,
    StartsWith "startswith" 2..=2 Bool,
    Length "length" 1..=1 Number,
    IndexOf "indexof" 2..=2 Number,
    Substring "substring" 2..=3 Text,
    ToLower "tolower" 1..=1 Text,
    ToUpper "toupper" 1..=1 Text,
    Trim "trim" 1..=1 Text,
    Concat "concat" 2..=2 Text,
    Year "year" 1..=1 Number,
    Month "month" 1..=1 Number,
    Day "day" 1..=1 Number,
    Hour "hour" 1..=1 Number,
    Minute "minute" 1..=1 Number,
    Second "second" 1..=1 Number,
    FractionalSeconds "fractionalseconds" 1..=1 Number,
    Date "date" 1..=1 Date,
    TimeOfDay "time" 1..=1 TimeOfDay,
    TotalOffsetMinutes "totaloffsetminutes" 1..=1 Number,
    Now "now" 0..=0 Time,
    MinDateTime "mindatetime" 0..=0 Time,
    MaxDateTime "maxdatetime" 0..=0 Time,
    Round "round" 1..=1 Number,
    Floor "floor" 1..=1 Number,
    Ceiling "ceiling" 1..=1 Number,
    Distance "geo.distance" 2..=2 Number,
    GeoLength "geo.length" 1..=1 Number,
    GeoIntersects "geo.intersects" 2..=2 Bool,
    Equals "st_equals" 2..=2 Bool,
    Disjoint "st_disjoint" 2..=2 Bool,
    Touches "st_touches" 2..=2 Bool,
    Within "st_within" 2..=2 Bool,
    Overlaps "st_overlaps" 2..=2 Bool,
    Crosses "st_crosses" 2..=2 Bool,
    Intersects "st_intersects" 2..=2 Bool,
    Contains "st_contains" 2..=2 Bool,
    Relate "st_relate" 3..=3 Bool,
}

/// A property, seen from an entity: over relations, into keys of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Relations that are followed; over a set, one of its entities is enough.
    pub relations: Vec<&'static Relation>,
    /// What is read there.
    pub field: Field,
}

/// What is read of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Its id.
    Id,
    /// A property, and keys inside of it.
    Property(&'static Property, Vec<String>),
}

/// An expression over one entity.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A literal.
    Literal(Literal),
    /// A property.
    Path(Path),
    /// A function.
    Call(Function, Vec<Self>),
    /// A comparison.
    Compare(Comparison, Box<Self>, Box<Self>),
    /// Arithmetic.
    Compute(Arithmetic, Box<Self>, Box<Self>),
    /// `-x`.
    Negative(Box<Self>),
    /// `not`.
    Not(Box<Self>),
    /// `and`.
    And(Box<Self>, Box<Self>),
    /// `or`.
    Or(Box<Self>, Box<Self>),
    /// One of the entities that the relations lead to has one of these ids. Made by the service, never written by a client.
    Among(Vec<&'static Relation>, Arc<BTreeSet<i64>>),
}

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only known when it is read: `result`, keys of an object.
    Any,
    /// `null`.
    Null,
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// Text.
    Text,
    /// An instant or interval.
    Time,
    /// A date.
    Date,
    /// A time of day.
    TimeOfDay,
    /// A duration.
    Duration,
    /// A geometry.
    Geometry,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Time => "a time",
            Self::Date => "a date",
            Self::TimeOfDay => "a time of day",
            Self::Duration => "a duration",
            Self::Geometry => "a geometry",
        }
    }

    /// True when values of both types can be compared.
    fn meets(self, other: Self) -> bool {
        self == other
            || [self, other]
                .iter()
                .any(|kind| matches!(kind, Self::Any | Self::Null))
    }
}

impl Path {
    /// The entity type at the end of the relations.
    pub fn entity(&self, root: Entity) -> Entity {
        self.relations.last().map_or(root, |relation| relation.target)
    }

    fn kind(&self) -> Kind {
        match &self.field {
            Field::Id => Kind::Number,
            Field::Property(property, keys) => match property.holds {
                Holds::Text => Kind::Text,
                Holds::Instant | Holds::Period | Holds::Computed => Kind::Time,
                Holds::Geometry if keys.is_empty() => Kind::Geometry,
                Holds::Geometry | Holds::Object | Holds::Any => Kind::Any,
            },
        }
    }
}

impl Expression {
    /// Its type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Literal(literal) => match literal {
                Literal::Null => Kind::Null,
                Literal::Bool(_) => Kind::Bool,
                Literal::Number { .. } => Kind::Number,
                Literal::Text(_) => Kind::Text,
                Literal::Time(_) => Kind::Time,
                Literal::Date(_) => Kind::Date,
                Literal::TimeOfDay(_) => Kind::TimeOfDay,
                Literal::Duration(_) => Kind::Duration,
                Literal::Geometry(_) => Kind::Geometry,
            },
            Self::Path(path) => path.kind(),
            Self::Call(function, _) => function.kind(),
            Self::Compute(_, left, right) => match (left.kind(), right.kind()) {
                (Kind::Time, Kind::Duration) => Kind::Time,
                (Kind::Time, Kind::Time) | (Kind::Duration, Kind::Duration) => Kind::Duration,
                _ => Kind::Number,
            },
            Self::Negative(_) => Kind::Number,
            _ => Kind::Bool,
        }
    }

    /// The largest parts that are true or false without `and`, `or`, `not`.
    pub fn atoms(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Not(inner) => inner.atoms(),
            Self::And(left, right) | Self::Or(left, right) => {
                let mut all = left.atoms();
                all.extend(right.atoms());
                all
            }
            _ => vec![self],
        }
    }

    /// The properties it reads.
    pub fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Path(path) => vec![path],
            Self::Call(_, parts) => parts.iter().flat_map(Self::paths).collect(),
            Self::Not(inner) | Self::Negative(inner) => inner.paths(),
            Self::Compare(_, left, right)
            | Self::Compute(_, left, right)
            | Self::And(left, right)
            | Self::Or(left, right) => {
                let mut all = left.paths();
                all.extend(right.paths());
                all
            }
            Self::Literal(_) | Self::Among(..) => Vec::new(),
        }
    }

    /// The same expression seen from the end of the first `count` relations of all its paths.
    #[must_use]
    pub fn from_relation(mut self, count: usize) -> Self {
        fn shorten(expression: &mut Expression, count: usize) {
            match expression {
                Expression::Path(path) => {
                    path.relations.drain(..count.min(path.relations.len()));
                }
                Expression::Call(_, parts) => parts.iter_mut().for_each(|part| shorten(part, count)),
                Expression::Not(inner) | Expression::Negative(inner) => shorten(inner, count),
                Expression::Compare(_, left, right)
                | Expression::Compute(_, left, right)
                | Expression::And(left, right)
                | Expression::Or(left, right) => {
                    shorten(left, count);
                    shorten(right, count);
                }
                Expression::Literal(_) | Expression::Among(..) => {}
            }
        }
        shorten(&mut self, count);
        self
    }
}
