//! The elements of one blob. A block that contradicts itself is not used at all: every index in one that is, is good.

use bytes::Bytes;

use super::message::{DenseNodes, PrimitiveBlock};
use super::point::Point;

/// Nanodegrees of the last digit that is kept.
const RESOLUTION: i64 = 100;

/// A block whose parts agree.
pub(super) struct Block {
    inner: PrimitiveBlock,
    holds: Holds,
}

/// What a block holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Holds {
    pub(super) nodes: u64,
    pub(super) ways: u64,
    pub(super) relations: u64,
}

/// A node; without a point when its place is not on the globe.
pub(super) struct NodeRef<'b> {
    pub(super) id: i64,
    pub(super) point: Option<Point>,
    pub(super) tags: Tags<'b>,
}

/// A way.
pub(super) struct WayRef<'b> {
    pub(super) id: i64,
    pub(super) tags: Tags<'b>,
    steps: &'b [i64],
}

/// What a relation refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberKind {
    Node,
    Way,
    Relation,
}

/// A part of a relation.
pub(super) struct Member<'b> {
    pub(super) id: i64,
    pub(super) kind: MemberKind,
    pub(super) role: &'b str,
}

/// A relation.
pub(super) struct RelationRef<'b> {
    pub(super) id: i64,
    pub(super) tags: Tags<'b>,
    texts: &'b [Bytes],
    relation: &'b super::message::Relation,
}

/// The tags of an element.
#[derive(Clone, Copy)]
pub(super) struct Tags<'b> {
    texts: &'b [Bytes],
    pairs: Pairs<'b>,
}

#[derive(Clone, Copy)]
enum Pairs<'b> {
    Apart(&'b [u32], &'b [u32]),
    Mixed(&'b [i32]),
}

impl<'b> Tags<'b> {
    /// Every tag; what is not UTF-8 is left out.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'b str, &'b str)> {
        let (keys, values, mixed) = match self.pairs {
            Pairs::Apart(keys, values) => (keys, values, &[][..]),
            Pairs::Mixed(mixed) => (&[][..], &[][..], mixed),
        };
        let apart = keys
            .iter()
            .zip(values)
            .map(|(key, value)| (*key as usize, *value as usize));
        let mixed = mixed
            .chunks_exact(2)
            .map(|pair| (pair[0] as usize, pair[1] as usize));
        apart
            .chain(mixed)
            .filter_map(move |(key, value)| Some((text(self.texts, key)?, text(self.texts, value)?)))
    }

    /// The value of a key; the first when it stands twice.
    pub(super) fn get(self, wanted: &str) -> Option<&'b str> {
        self.iter()
            .find(|(key, _)| *key == wanted)
            .map(|(_, value)| value)
    }

    /// True when the element has no tag.
    pub(super) fn is_empty(self) -> bool {
        match self.pairs {
            Pairs::Apart(keys, _) => keys.is_empty(),
            Pairs::Mixed(mixed) => mixed.is_empty(),
        }
    }

    /// The tags as one text for a person.
    pub(super) fn shown(self) -> String {
        self.iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Tags that are kept when their block is not.
pub(super) struct OwnedTags {
    texts: Vec<Bytes>,
    keys: Vec<u32>,
    values: Vec<u32>,
}

impl OwnedTags {
    pub(super) fn of(tags: Tags<'_>) -> Self {
        let mut own = Self {
            texts: Vec::new(),
            keys: Vec::new(),
            values: Vec::new(),
        };
        for (place, (key, value)) in (0_u32..).zip(tags.iter()) {
            own.texts.push(Bytes::copy_from_slice(key.as_bytes()));
            own.texts.push(Bytes::copy_from_slice(value.as_bytes()));
            own.keys.push(place * 2);
            own.values.push(place * 2 + 1);
        }
        own
    }

    pub(super) fn tags(&self) -> Tags<'_> {
        Tags {
            texts: &self.texts,
            pairs: Pairs::Apart(&self.keys, &self.values),
        }
    }
}

fn text(texts: &[Bytes], index: usize) -> Option<&str> {
    std::str::from_utf8(texts.get(index)?).ok()
}

impl WayRef<'_> {
    /// The ids of its nodes, in order.
    pub(super) fn nodes(&self) -> impl Iterator<Item = i64> {
        sums(self.steps)
    }
}

impl<'b> RelationRef<'b> {
    /// Its parts, in order.
    pub(super) fn members(&self) -> impl Iterator<Item = Member<'b>> {
        let texts = self.texts;
        let relation = self.relation;
        let kinds = relation.kinds.iter().zip(&relation.roles);
        sums(&relation.members)
            .zip(kinds)
            .map(move |(id, (kind, role))| Member {
                id,
                kind: match kind {
                    0 => MemberKind::Node,
                    1 => MemberKind::Way,
                    _ => MemberKind::Relation,
                },
                role: usize::try_from(*role)
                    .ok()
                    .and_then(|role| text(texts, role))
                    .unwrap_or_default(),
            })
    }
}

/// Running sums of differences. Ids near the ends of their range wrap, as they do in the writers.
fn sums(steps: &[i64]) -> impl Iterator<Item = i64> {
    steps.iter().scan(0_i64, |sum, step| {
        *sum = sum.wrapping_add(*step);
        Some(*sum)
    })
}

impl Block {
    /// Checks that the parts of a block agree.
    pub(super) fn new(inner: PrimitiveBlock) -> Result<Self, &'static str> {
        let texts = inner.strings.as_ref().map_or(0, |strings| strings.texts.len());
        let tags = |keys: &[u32], values: &[u32]| {
            if keys.len() != values.len() {
                return Err("an element has more keys than values");
            }
            if keys.iter().chain(values).any(|index| *index as usize >= texts) {
                return Err("a tag points outside the table of texts");
            }
            Ok(())
        };
        let mut holds = Holds::default();
        for group in &inner.groups {
            for node in &group.nodes {
                tags(&node.keys, &node.values)?;
            }
            for way in &group.ways {
                tags(&way.keys, &way.values)?;
            }
            for relation in &group.relations {
                tags(&relation.keys, &relation.values)?;
                let count = relation.members.len();
                if relation.roles.len() != count || relation.kinds.len() != count {
                    return Err("a relation has members without role or kind");
                }
                if relation.kinds.iter().any(|kind| !(0..=2).contains(kind)) {
                    return Err("a relation has a member of a kind that does not exist");
                }
                if relation
                    .roles
                    .iter()
                    .any(|role| usize::try_from(*role).is_ok_and(|role| role >= texts) || *role < 0)
                {
                    return Err("a role points outside the table of texts");
                }
            }
            if let Some(dense) = &group.dense {
                check_dense(dense, texts)?;
                holds.nodes += dense.ids.len() as u64;
            }
            holds.nodes += group.nodes.len() as u64;
            holds.ways += group.ways.len() as u64;
            holds.relations += group.relations.len() as u64;
        }
        Ok(Self { inner, holds })
    }

    /// How much of what it holds.
    pub(super) fn holds(&self) -> Holds {
        self.holds
    }

    fn texts(&self) -> &[Bytes] {
        self.inner.strings.as_ref().map_or(&[], |strings| &strings.texts)
    }

    fn point(&self, lat: i64, lon: i64) -> Option<Point> {
        let scale = i64::from(self.inner.granularity.unwrap_or(100));
        let place = |offset: Option<i64>, value: i64| {
            let nano = value.checked_mul(scale)?.checked_add(offset.unwrap_or(0))?;
            i32::try_from(nano / RESOLUTION).ok()
        };
        Point::new(
            place(self.inner.lon_offset, lon)?,
            place(self.inner.lat_offset, lat)?,
        )
    }

    /// Gives every node to `each`, until one fails.
    pub(super) fn nodes<E>(&self, mut each: impl FnMut(NodeRef<'_>) -> Result<(), E>) -> Result<(), E> {
        let texts = self.texts();
        for group in &self.inner.groups {
            for node in &group.nodes {
                let tags = Tags {
                    texts,
                    pairs: Pairs::Apart(&node.keys, &node.values),
                };
                let point = self.point(node.lat, node.lon);
                each(NodeRef {
                    id: node.id,
                    point,
                    tags,
                })?;
            }
            let Some(dense) = &group.dense else { continue };
            let places = sums(&dense.lats).zip(sums(&dense.lons));
            let mut rest = dense.tags.as_slice();
            for (id, (lat, lon)) in sums(&dense.ids).zip(places) {
                let end = tag_end(rest);
                let tags = Tags {
                    texts,
                    pairs: Pairs::Mixed(&rest[..end]),
                };
                rest = rest.get(end + 1..).unwrap_or_default();
                each(NodeRef {
                    id,
                    point: self.point(lat, lon),
                    tags,
                })?;
            }
        }
        Ok(())
    }

    /// Every way.
    pub(super) fn ways(&self) -> impl Iterator<Item = WayRef<'_>> {
        let texts = self.texts();
        self.inner
            .groups
            .iter()
            .flat_map(|group| &group.ways)
            .map(move |way| WayRef {
                id: way.id,
                tags: Tags {
                    texts,
                    pairs: Pairs::Apart(&way.keys, &way.values),
                },
                steps: &way.refs,
            })
    }

    /// Every relation.
    pub(super) fn relations(&self) -> impl Iterator<Item = RelationRef<'_>> {
        let texts = self.texts();
        let all = self.inner.groups.iter().flat_map(|group| &group.relations);
        all.map(move |relation| RelationRef {
            id: relation.id,
            tags: Tags {
                texts,
                pairs: Pairs::Apart(&relation.keys, &relation.values),
            },
            texts,
            relation,
        })
    }
}

/// Where the tags of the first node end: at the zero that stands after each pair, or at the end.
fn tag_end(tags: &[i32]) -> usize {
    tags.chunks(2)
        .position(|pair| pair[0] == 0 || pair.len() < 2)
        .map_or(tags.len(), |pairs| pairs * 2)
}

fn check_dense(dense: &DenseNodes, texts: usize) -> Result<(), &'static str> {
    if dense.lats.len() != dense.ids.len() || dense.lons.len() != dense.ids.len() {
        return Err("there are more nodes than places");
    }
    if dense
        .tags
        .iter()
        .any(|index| usize::try_from(*index).map_or(true, |index| index > 0 && index >= texts))
    {
        return Err("a tag points outside the table of texts");
    }
    let mut rest = dense.tags.as_slice();
    let mut nodes = 0_usize;
    while !rest.is_empty() {
        let end = tag_end(rest);
        if rest.get(end) != Some(&0) {
            return Err("the tags of a node have no end");
        }
        rest = &rest[end + 1..];
        nodes += 1;
    }
    if nodes != 0 && nodes != dense.ids.len() {
        return Err("there are tags of more or fewer nodes than there are");
    }
    Ok(())
}
