//! Query options: `$filter`, `$expand`, `$select`, `$orderby`, `$top`, `$skip`, `$count`, `$resultFormat` (clause 9.3).

use super::filter::{self, Expression, Field, Path};
use super::percent::{decode, encode};
use crate::fault::hint;
use crate::sensorthings::{Entity, Refusal, Relation};

/// Entities of a page when the client does not say.
pub const PAGE: usize = 100;
/// Entities of a page at most; the rest comes with the next link.
pub const LARGEST_PAGE: usize = 10_000;
/// Expansions within expansions.
const DEEPEST: usize = 6;

const NAMES: [&str; 8] = [
    "$filter",
    "$expand",
    "$select",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$resultFormat",
];
/// Where the page before ended: the id after which this one begins. Written by the service only.
const AFTER: &str = "after";
/// The place in the log up to which the pages of one answer read. Written by the service only.
const AS_OF: &str = "asOf";

/// Options of a request, or of one expansion.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Chosen entities.
    pub filter: Option<Expression>,
    /// Relations that are written out.
    pub expand: Vec<(&'static Relation, Options)>,
    /// Names that are written; empty for all.
    pub select: Vec<String>,
    /// Order, each with `true` for descending. The id decides between equals.
    pub order: Vec<(Path, bool)>,
    /// Entities of the answer at most.
    pub top: Option<usize>,
    /// Entities that are left out at the start.
    pub skip: usize,
    /// Whether the number of all entities is told.
    pub count: bool,
    /// Observations as rows of values.
    pub is_data_array: bool,
    /// The id after which the page begins; then `skip` was already done.
    pub after: Option<i64>,
    /// The place in the log up to which is read.
    pub as_of: Option<i64>,
    /// The options as they were given, for the next link.
    given: Vec<(String, String)>,
}

impl Options {
    /// Reads the query of a request for an entity type, still encoded.
    ///
    /// # Errors
    /// An unknown option or one that is wrong.
    pub fn parse(query: &str, entity: Entity) -> Result<Self, Refusal> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let given: Vec<(String, String)> = pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name, true).trim().to_owned(), decode(value, true))
            })
            .collect();
        Self::of(given, entity, 0)
    }

    fn of(given: Vec<(String, String)>, entity: Entity, depth: usize) -> Result<Self, Refusal> {
        if depth > DEEPEST {
            return Err(Refusal::wrong("$expand: the expansions are too deep"));
        }
        let mut options = Self::default();
        for (at, (name, value)) in given.iter().enumerate() {
            if given[..at].iter().any(|(other, _)| other == name) {
                return Err(Refusal::Wrong(format!("{name} is given twice")));
            }
            let value = value.trim();
            let number = || {
                value.parse::<usize>().map_err(|_| {
                    Refusal::Wrong(format!("{name} must be a whole number that is not negative"))
                })
            };
            match name.as_str() {
                "$filter" => options.filter = Some(filter::parse(value, entity)?),
                "$expand" => {
                    for item in split(value, ',')? {
                        options.expand(&item, entity, depth)?;
                    }
                }
                "$select" => {
                    for word in value.split(',').map(str::trim) {
                        let head = word.split('/').next().unwrap_or_default();
                        let known = matches!(word, "id" | "@iot.id" | "*")
                            || entity.property(head).is_some()
                            || entity.relation(word).is_some();
                        if !known {
                            return Err(Refusal::unknown(entity, word));
                        }
                        options.select.push(head.to_owned());
                    }
                    if options.select.iter().any(|word| word == "*") {
                        options.select.clear();
                    }
                }
                "$orderby" => {
                    for item in value.split(',').map(str::trim) {
                        let (path, way) = item.split_once(char::is_whitespace).unwrap_or((item, "asc"));
                        let is_down = match way.trim() {
                            "asc" => false,
                            "desc" => true,
                            _ => {
                                return Err(Refusal::wrong(
                                    "$orderby: after a property comes `asc` or `desc`",
                                ));
                            }
                        };
                        options.order.push((filter::parse_path(path, entity)?, is_down));
                    }
                }
                "$top" => options.top = Some(number()?),
                "$skip" => options.skip = number()?,
                "$count" => {
                    options.count = match value {
                        "true" => true,
                        "false" => false,
                        _ => return Err(Refusal::wrong("$count is `true` or `false`")),
                    };
                }
                "$resultFormat" => {
                    if value != "dataArray" || entity != Entity::Observation || depth > 0 {
                        return Err(Refusal::wrong(
                            "$resultFormat: only `dataArray` is known, and only for Observations",
                        ));
                    }
                    options.is_data_array = true;
                }
                AFTER if depth == 0 => options.after = value.parse().ok(),
                AS_OF if depth == 0 => options.as_of = value.parse().ok(),
                _ if name.starts_with('$') || depth > 0 => {
                    let short: String = name.chars().take(60).collect();
                    return Err(Refusal::Wrong(format!(
                        "there is no option `{short}`{}",
                        hint(&short, NAMES.into_iter())
                    )));
                }
                // The caller's own; OData leaves them free.
                _ => {}
            }
        }
        // The id alone is the order that pages have anyway.
        if let [(path, false)] = options.order.as_slice()
            && path.relations.is_empty()
            && path.field == Field::Id
        {
            options.order.clear();
        }
        options.given = given;
        Ok(options)
    }

    /// One item of `$expand`: `Datastreams/Sensor` or `Datastreams($top=1;$select=name)`.
    fn expand(&mut self, item: &str, entity: Entity, depth: usize) -> Result<(), Refusal> {
        if depth > DEEPEST {
            return Err(Refusal::wrong("$expand: the expansions are too deep"));
        }
        let item = item.trim();
        let end = item.find(['/', '(']).unwrap_or(item.len());
        let (name, rest) = item.split_at(end);
        let relation = entity
            .relation(name.trim())
            .ok_or_else(|| Refusal::unknown(entity, name.trim()))?;
        let at = match self.expand.iter().position(|(known, _)| *known == relation) {
            Some(at) => at,
            None => {
                self.expand.push((relation, Self::default()));
                self.expand.len() - 1
            }
        };
        let target = relation.target;
        if let Some(below) = rest.strip_prefix('/') {
            if let Some((_, options)) = self.expand.get_mut(at) {
                options.expand(below, target, depth + 1)?;
                options.given.push(("$expand".into(), below.to_owned()));
            }
            return Ok(());
        }
        let Some(inner) = rest.strip_prefix('(') else {
            return Ok(());
        };
        let inner = inner
            .strip_suffix(')')
            .ok_or_else(|| Refusal::wrong("$expand: a bracket is not closed"))?;
        let mut given = Vec::new();
        for option in split(inner, ';')? {
            let (name, value) = option.split_once('=').unwrap_or((option.as_str(), ""));
            given.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let mut options = Self::of(given, target, depth + 1)?;
        if let Some(known) = self.expand.get_mut(at) {
            // The same relation again: its own options count, expansions of both.
            options.expand.append(&mut known.1.expand);
            known.1 = options;
        }
        Ok(())
    }

    /// Entities of this page at most.
    pub fn page(&self, default: usize) -> usize {
        self.top.unwrap_or(default).min(LARGEST_PAGE)
    }

    /// The query of the next page.
    pub fn next_query(&self, shown: usize, after: Option<i64>, as_of: Option<i64>) -> String {
        let mut pairs: Vec<(String, String)> = self
            .given
            .iter()
            .filter(|(name, _)| !["$skip", AFTER, AS_OF].contains(&name.as_str()))
            .cloned()
            .collect();
        pairs.push(("$skip".into(), (self.skip + shown).to_string()));
        if let Some(after) = after {
            pairs.push((AFTER.into(), after.to_string()));
        }
        if let Some(as_of) = as_of {
            pairs.push((AS_OF.into(), as_of.to_string()));
        }
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        pairs.join("&")
    }

    /// True when a name is to be written.
    pub fn shows(&self, name: &str) -> bool {
        self.select.is_empty() || self.select.iter().any(|word| word == name)
    }
}

/// Cuts at a separator that stands outside of brackets and quotes.
fn split(text: &str, separator: char) -> Result<Vec<String>, Refusal> {
    let mut parts = vec![String::new()];
    let (mut depth, mut is_quoted) = (0_usize, false);
    for c in text.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => {
                depth = depth
                    .checked_sub(1)
                    .ok_or_else(|| Refusal::wrong("a bracket is closed that was not opened"))?;
            }
            _ => {}
        }
        if c == separator && depth == 0 && !is_quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    if depth > 0 || is_quoted {
        return Err(Refusal::wrong("a bracket or a quote is not closed"));
    }
    Ok(parts.into_iter().filter(|part| !part.trim().is_empty()).collect())
}
