//! Areas of the old style: a multipolygon whose relation says nothing, its tags stand on its outer ways.
//!
//! What belongs here: which relations are such, and what they are. What does not: their rings.

use std::collections::{BTreeMap, BTreeSet};

use super::block::{MemberKind, OwnedTags, RelationRef, Tags};
use super::feature::AreaTags;

/// Keys that say nothing about what an area is.
const SILENT: [&str; 6] = ["type", "source", "created_by", "note", "fixme", "comment"];

/// What is known of old areas while a map is read.
#[derive(Default)]
pub(super) struct OldAreas {
    /// Relations and their outer ways.
    outer: Vec<(i64, Vec<i64>)>,
    /// Tags of the outer ways.
    tags: BTreeMap<i64, OwnedTags>,
    /// What the relations are, once the ways are read.
    meant: BTreeMap<i64, i64>,
    /// Ways that are drawn as part of their relation, not by themselves.
    drawn: BTreeSet<i64>,
}

impl OldAreas {
    /// Notes a relation when it is a multipolygon that says nothing; true when it was noted.
    pub(super) fn note(&mut self, relation: &RelationRef<'_>) -> bool {
        let is_silent = relation.tags.get("type") == Some("multipolygon")
            && relation.tags.iter().all(|(key, _)| SILENT.contains(&key));
        if !is_silent {
            return false;
        }
        let members = relation.members();
        let outer = members.filter(|member| member.kind == MemberKind::Way && member.role != "inner");
        let outer: Vec<i64> = outer.map(|member| member.id).collect();
        let is_noted = !outer.is_empty();
        if is_noted {
            self.outer.push((relation.id, outer));
        }
        is_noted
    }

    /// The ways whose tags are wanted, sorted.
    pub(super) fn wanted(&self) -> Vec<i64> {
        let ways: BTreeSet<i64> = self.outer.iter().flat_map(|(_, ways)| ways).copied().collect();
        ways.into_iter().collect()
    }

    /// Keeps the tags of a wanted way.
    pub(super) fn keep(&mut self, way: i64, tags: Tags<'_>) {
        self.tags.insert(way, OwnedTags::of(tags));
    }

    /// Decides what each relation is, when the tags of all its outer ways are known: they must say the same.
    pub(super) fn decide(&mut self) {
        for (relation, ways) in &self.outer {
            let said = |way: &i64| {
                let area = AreaTags::of(self.tags.get(way)?.tags());
                (area.rows() > 0).then(|| (area.building.map(str::to_owned), area.object))
            };
            let Some(first) = ways.first() else { continue };
            if let Some(what) = said(first)
                && ways.iter().all(|way| said(way).as_ref() == Some(&what))
            {
                self.meant.insert(*relation, *first);
                self.drawn.extend(ways);
            }
        }
    }

    /// The tags of a relation that says nothing itself.
    pub(super) fn tags_of(&self, relation: i64) -> Option<Tags<'_>> {
        let way = self.meant.get(&relation)?;
        self.tags.get(way).map(OwnedTags::tags)
    }

    /// True when a way's area is drawn by its relation.
    pub(super) fn draws(&self, way: i64) -> bool {
        self.drawn.contains(&way)
    }
}
