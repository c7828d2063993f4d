//! Resource paths: `Datastreams(1)/Observations(2)/result/$value` (clause 9.2).

use super::percent::decode;
use crate::sensorthings::{Entity, Property, Refusal, Relation};

/// Segments of a path that make sense; a longer one is refused.
const LONGEST: usize = 16;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePath {
    /// The set it begins with.
    pub set: Entity,
    /// The entity of that set.
    pub id: Option<i64>,
    /// Relations that are followed, each with the entity that is picked from a set.
    pub steps: Vec<(&'static Relation, Option<i64>)>,
    /// What is asked of the end.
    pub ending: Ending,
}

/// What is asked of the end of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The entity or the set itself.
    Whole,
    /// The addresses only: `$ref`.
    References,
    /// How many there are: `$count`.
    Count,
    /// One property, and keys inside of it.
    Property(&'static Property, Vec<String>),
    /// The bare value of a property: `$value`.
    Value(&'static Property, Vec<String>),
}

/// Where a client may post or look: the service root, a path, or the bulk action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The root.
    Root,
    /// `CreateObservations`.
    CreateObservations,
    /// `$batch`, which is not offered.
    Batch,
    /// An entity or a set.
    Path(ResourcePath),
}

impl ResourcePath {
    /// The entity type at the end.
    pub fn entity(&self) -> Entity {
        self.steps
            .last()
            .map_or(self.set, |(relation, _)| relation.target)
    }

    /// True when the end is a set.
    pub fn is_set(&self) -> bool {
        match self.steps.last() {
            Some((relation, id)) => relation.is_many && id.is_none(),
            None => self.id.is_none(),
        }
    }

    /// The path again, without what is asked of its end.
    pub fn text(&self) -> String {
        let segment = |name: &str, id: Option<i64>| id.map_or(name.to_owned(), |id| format!("{name}({id})"));
        let mut segments = vec![segment(self.set.plural(), self.id)];
        let steps = self.steps.iter();
        segments.extend(steps.map(|(relation, id)| segment(relation.name, *id)));
        segments.join("/")
    }
}

impl Target {
    /// Reads the part of an address below the service root, still encoded.
    ///
    /// # Errors
    /// A path that leads nowhere.
    pub fn parse(path: &str) -> Result<Self, Refusal> {
        let path = path.trim_matches('/');
        let segments: Vec<String> = path.split('/').map(|segment| decode(segment, false)).collect();
        match path {
            "" => return Ok(Self::Root),
            "CreateObservations" => return Ok(Self::CreateObservations),
            _ if segments == ["$batch"] => return Ok(Self::Batch),
            _ => {}
        }
        if segments.len() > LONGEST {
            return Err(Refusal::wrong("the path has too many parts"));
        }
        let nowhere = |segment: &str| {
            let short: String = segment.chars().take(60).collect();
            Refusal::Absent(format!("the path leads nowhere at `{short}`"))
        };
        let mut rest = segments.iter().map(String::as_str);
        let first = rest.next().unwrap_or_default();
        let (name, id) = split(first).ok_or_else(|| nowhere(first))?;
        let set = Entity::of_set(name).ok_or_else(|| nowhere(first))?;
        let mut found = ResourcePath {
            set,
            id,
            steps: Vec::new(),
            ending: Ending::Whole,
        };
        for segment in rest {
            match &mut found.ending {
                Ending::Property(property, keys) if segment == "$value" => {
                    found.ending = Ending::Value(property, std::mem::take(keys));
                    continue;
                }
                Ending::Property(_, keys) if !segment.starts_with('$') => {
                    keys.push(segment.to_owned());
                    continue;
                }
                Ending::Whole => {}
                _ => return Err(nowhere(segment)),
            }
            if segment == "$ref" {
                found.ending = Ending::References;
                continue;
            }
            let entity = found.entity();
            if found.is_set() {
                if segment != "$count" {
                    return Err(nowhere(segment));
                }
                found.ending = Ending::Count;
                continue;
            }
            let (name, id) = split(segment).ok_or_else(|| nowhere(segment))?;
            if let Some(relation) = entity.relation(name) {
                if id.is_some() && !relation.is_many {
                    return Err(nowhere(segment));
                }
                found.steps.push((relation, id));
            } else if let Some(property) = entity.property(segment) {
                found.ending = Ending::Property(property, Vec::new());
            } else {
                return Err(nowhere(segment));
            }
        }
        Ok(Self::Path(found))
    }
}

/// A name with the id in brackets, if there is one.
fn split(segment: &str) -> Option<(&str, Option<i64>)> {
    let Some((name, rest)) = segment.split_once('(') else {
        return Some((segment, None));
    };
    let id = rest.strip_suffix(')')?;
    Some((name, Some(id.trim().parse().ok()?)))
}
