//! Rules about turns (`type=restriction`).
//!
//! What belongs here: the meaning of their tags and members. What does not: which edges of a graph they mean.

use super::block::{MemberKind, RelationRef, Tags};
use crate::fault::Fault;

/// A rule about the way from one street into another at a node that they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnRule {
    /// The relation.
    pub relation: i64,
    /// The way that one comes from.
    pub from: i64,
    /// The node.
    pub via: i64,
    /// The way that one turns into.
    pub to: i64,
    /// True when this is the only way on; false when it is forbidden.
    pub is_only: bool,
}

/// Modes of which a car is one, the closest first.
const CARS: [&str; 3] = ["restriction:motorcar", "restriction:motor_vehicle", "restriction"];

/// True when a relation is a rule about turns.
pub(super) fn is_rule(tags: Tags<'_>) -> bool {
    tags.get("type")
        .is_some_and(|kind| kind == "restriction" || kind.starts_with("restriction:"))
}

/// The rules for cars that a relation tells: one for each pair of its streets.
///
/// # Errors
/// What keeps a rule from being used; it is told, and no row is lost by it.
pub(super) fn rules(relation: &RelationRef<'_>) -> Result<Vec<TurnRule>, Fault> {
    let tags = relation.tags;
    let Some(word) = CARS.iter().find_map(|key| tags.get(key)) else {
        // For bicycles, lorries or buses only.
        return Ok(Vec::new());
    };
    let excepts = |mode: &str| ["motorcar", "motor_vehicle"].contains(&mode.trim());
    if tags
        .get("except")
        .is_some_and(|modes| modes.split(';').any(excepts))
    {
        return Ok(Vec::new());
    }
    let fault = |code, message: &str| Fault::new(code, format!("relation {}: {message}", relation.id));
    if ["day_on", "hour_on", "restriction:conditional"]
        .iter()
        .any(|key| tags.get(key).is_some())
    {
        return Err(fault(
            "turn_by_the_hour",
            "a rule of some hours only, which are not known here; it is passed over",
        ));
    }
    let is_only = if word.starts_with("only_") {
        true
    } else if word.starts_with("no_") {
        false
    } else {
        let message =
            format!("`{word}` is no rule about turns that is understood (no_left_turn, only_straight_on)");
        return Err(fault("bad_turn", &message));
    };
    let of = |role: &str, kind: MemberKind| -> Vec<i64> {
        let members = relation.members();
        members
            .filter(|member| member.role == role && member.kind == kind)
            .map(|member| member.id)
            .collect()
    };
    let (from, to) = (of("from", MemberKind::Way), of("to", MemberKind::Way));
    let via = of("via", MemberKind::Node);
    if !of("via", MemberKind::Way).is_empty() {
        return Err(fault(
            "turn_over_streets",
            "a rule over several streets is not known here; it is passed over",
        ));
    }
    let ([via], false, false) = (via.as_slice(), from.is_empty(), to.is_empty()) else {
        return Err(fault(
            "bad_turn",
            "a rule needs a street to come from, a node, and a street to turn into",
        ));
    };
    let pairs = from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to)));
    let rule = |(from, to)| TurnRule {
        relation: relation.id,
        from,
        via: *via,
        to,
        is_only,
    };
    Ok(pairs.map(rule).collect())
}
