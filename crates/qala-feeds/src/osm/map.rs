//! Reads a map: once to learn which nodes the wanted ways need, then nodes, ways and relations in turn, so that no more
//! than the places of those nodes and the outlines of areas are kept.

use qala_core::{DatasetName, Position, Problem};

use super::blob::{Found, Place, Walk, check_header, read_block};
use super::block::{Block, Holds, MemberKind, NodeRef, RelationRef, Tags, WayRef};
use super::coordinates::Coordinates;
use super::feature::{
    AreaTags, Boundary, Building, Element, Feature, Junction, Object, ObjectKind, Receiver,
};
use super::outer::OldAreas;
use super::point::{Point, Polygon, centre};
use super::rings::{Piece, check, polygons};
use super::road::{Road, is_street};
use super::rows::{BOUNDARIES, BUILDINGS, OBJECTS, STREETS};
use super::turn::{is_rule, rules};
use crate::archive::{Budget, length, read_fault};
use crate::fault::{Fault, Warnings, cut, whole};
use crate::{Input, Sink, Stopped};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Blobs of data that were read.
    pub blobs: u64,
    /// Blobs that could not be read; what they hold is missing.
    pub damaged: u64,
    /// Nodes.
    pub nodes: u64,
    /// Ways.
    pub ways: u64,
    /// Relations.
    pub relations: u64,
    /// Nodes whose places were kept for ways.
    pub kept_nodes: u64,
    /// True when the file was read to its end and no blob was missing.
    pub is_whole: bool,
}

/// Reads a map from OSM PBF bytes that are not packed otherwise, and gives what it finds to `receiver`: objects of nodes
/// first, then streets, buildings and objects of ways, then those of relations and rules about turns, then junctions. `max_unpacked` bounds the
/// bytes that one reading may unpack to.
///
/// # Errors
/// Only [`Stopped`], when the receiver gave up; what is wrong with the map becomes problems.
pub fn read_map(
    input: &mut dyn Input,
    max_unpacked: u64,
    receiver: &mut dyn Receiver,
) -> Result<Totals, Stopped> {
    let length = match length(input) {
        Ok(length) => length,
        Err(error) => {
            receiver.problem(whole(read_fault(&error), None, 1))?;
            return Ok(Totals::default());
        }
    };
    let mut reading = Reading {
        input,
        length,
        budget: Budget::new(max_unpacked, length),
        receiver,
        warnings: Warnings::default(),
        places: Vec::new(),
        totals: Totals {
            is_whole: true,
            ..Totals::default()
        },
    };
    reading.run()?;
    Ok(reading.totals)
}

struct Reading<'r> {
    input: &'r mut dyn Input,
    length: u64,
    budget: Budget,
    receiver: &'r mut dyn Receiver,
    warnings: Warnings,
    places: Vec<(Place, Holds)>,
    totals: Totals,
}

/// Lets [`Warnings`] speak to a receiver.
struct Told<'r>(&'r mut dyn Receiver);

impl Sink for Told<'_> {
    fn rows(&mut self, _: &DatasetName, _: arrow::record_batch::RecordBatch) -> Result<(), Stopped> {
        Ok(())
    }
    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        self.0.problem(problem)
    }
    fn feed(&mut self, _: &qala_core::FeedId) -> Result<(), Stopped> {
        Ok(())
    }
    fn publish(&mut self, _: &[DatasetName]) -> Result<(), Stopped> {
        Ok(())
    }
}

/// What the first reading learns.
#[derive(Default)]
struct Wanted {
    nodes: Vec<i64>,
    /// Ways of areas that are relations, sorted.
    member_ways: Vec<i64>,
    /// Areas whose tags stand on their ways.
    old: OldAreas,
}

/// The nodes of ways that relations need, in one column.
#[derive(Default)]
struct MemberWays {
    /// (way, where its nodes begin, where they end), sorted by way.
    index: Vec<(i64, usize, usize)>,
    nodes: Vec<i64>,
}

impl MemberWays {
    fn nodes_of(&self, way: i64) -> Option<&[i64]> {
        let at = self.index.binary_search_by_key(&way, |(way, ..)| *way).ok()?;
        let (_, start, end) = *self.index.get(at)?;
        self.nodes.get(start..end)
    }
}

/// True when a relation is an area: its ways are rings.
fn is_area(tags: Tags<'_>) -> bool {
    matches!(tags.get("type"), Some("multipolygon" | "boundary"))
}

/// What is read of a way: its street, and its area. Boundaries are relations; their ways are only lines.
fn wanted_of(tags: Tags<'_>) -> (Option<&str>, AreaTags<'_>) {
    let street = tags.get("highway").filter(|class| is_street(class));
    let area = AreaTags {
        is_boundary: false,
        ..AreaTags::of(tags)
    };
    (street, area)
}

impl Reading<'_> {
    fn run(&mut self) -> Result<(), Stopped> {
        let Some(mut wanted) = self.scan()? else {
            self.totals.is_whole = false;
            return Ok(());
        };
        // The file is unpacked again; its bounds hold for each reading.
        self.budget = self.budget.anew();
        wanted.member_ways.sort_unstable();
        wanted.member_ways.dedup();
        let members = self.member_ways(&mut wanted)?;
        let mut coordinates = Coordinates::new(wanted.nodes);
        self.totals.kept_nodes = coordinates.len() as u64;
        let signals = self.nodes(&mut coordinates)?;
        self.ways(&mut coordinates, &wanted.old)?;
        self.relations(&members, &mut coordinates, &wanted.old)?;
        for (node, point, arms) in coordinates.junctions() {
            self.receiver.feature(Feature::Junction(Junction {
                node,
                point,
                arms,
                has_signals: signals.binary_search(&node).is_ok(),
            }))?;
        }
        self.warnings.finish(&mut Told(self.receiver))
    }

    /// The first reading; `None` when the file cannot be used at all.
    fn scan(&mut self) -> Result<Option<Wanted>, Stopped> {
        let mut walk = Walk::new();
        let mut wanted = Wanted::default();
        if self.length == 0 {
            self.receiver
                .problem(whole(Fault::new("empty", "the file is empty"), None, 1))?;
            return Ok(None);
        }
        loop {
            let record = walk.record();
            let found = match walk.next(self.input, self.length) {
                Ok(found) => found,
                Err(fault) => {
                    self.damaged(fault, record)?;
                    return Ok((self.totals.blobs > 0).then_some(wanted));
                }
            };
            match found {
                Found::End => return Ok(Some(wanted)),
                Found::Other => {}
                Found::Header(place) => {
                    if let Err(fault) = check_header(self.input, place, &self.budget) {
                        let is_fatal = fault.code == "unknown_format";
                        self.damaged(fault, record)?;
                        if is_fatal {
                            return Ok(None);
                        }
                    }
                }
                Found::Data(place) => match read_block(self.input, place, &self.budget) {
                    Ok(block) => self.first_look(&block, place, &mut wanted),
                    Err(fault) => {
                        let is_too_large = fault.code == "too_large";
                        self.damaged(fault, record)?;
                        if is_too_large {
                            return Ok(Some(wanted));
                        }
                    }
                },
            }
        }
    }

    fn first_look(&mut self, block: &Block, place: Place, wanted: &mut Wanted) {
        let holds = block.holds();
        self.totals.blobs += 1;
        self.totals.nodes += holds.nodes;
        self.totals.ways += holds.ways;
        self.totals.relations += holds.relations;
        self.places.push((place, holds));
        for way in block.ways() {
            let (street, area) = wanted_of(way.tags);
            if street.is_some() || area.rows() > 0 {
                wanted.nodes.extend(way.nodes());
            }
        }
        for relation in block.relations() {
            let says_it = is_area(relation.tags) && AreaTags::of(relation.tags).rows() > 0;
            if says_it || wanted.old.note(&relation) {
                let ways = relation.members().filter(|member| member.kind == MemberKind::Way);
                wanted.member_ways.extend(ways.map(|member| member.id));
            }
        }
    }

    /// How many rows are lost with a blob is not known: at least one.
    fn damaged(&mut self, fault: Fault, record: u64) -> Result<(), Stopped> {
        self.totals.is_whole = false;
        self.totals.damaged += 1;
        self.receiver.problem(fault.reject(None, 1, at(record)))
    }

    /// The block at a place once more; one that has become unreadable since is told.
    fn block(&mut self, place: Place) -> Result<Option<Block>, Stopped> {
        match read_block(self.input, place, &self.budget) {
            Ok(block) => Ok(Some(block)),
            Err(fault) => self.damaged(fault, place.record).map(|()| None),
        }
    }

    fn places_with(&self, count: fn(&Holds) -> u64) -> Vec<Place> {
        let with = self.places.iter().filter(|(_, holds)| count(holds) > 0);
        with.map(|(place, _)| *place).collect()
    }

    fn member_ways(&mut self, wanted: &mut Wanted) -> Result<MemberWays, Stopped> {
        let mut members = MemberWays::default();
        if wanted.member_ways.is_empty() {
            return Ok(members);
        }
        let tagged = wanted.old.wanted();
        for place in self.places_with(|holds| holds.ways) {
            let Some(block) = self.block(place)? else { continue };
            for way in block.ways() {
                if tagged.binary_search(&way.id).is_ok() {
                    wanted.old.keep(way.id, way.tags);
                }
                if wanted.member_ways.binary_search(&way.id).is_ok() {
                    let start = members.nodes.len();
                    members.nodes.extend(way.nodes());
                    members.index.push((way.id, start, members.nodes.len()));
                }
            }
        }
        members.index.sort_unstable();
        wanted.old.decide();
        wanted.nodes.extend_from_slice(&members.nodes);
        self.budget = self.budget.anew();
        Ok(members)
    }

    /// Keeps places, gives objects; the nodes with traffic signals, sorted.
    fn nodes(&mut self, coordinates: &mut Coordinates) -> Result<Vec<i64>, Stopped> {
        let mut signals = Vec::new();
        for place in self.places_with(|holds| holds.nodes) {
            let Some(block) = self.block(place)? else { continue };
            block.nodes(|node| {
                if let Some(point) = node.point {
                    coordinates.put(node.id, point);
                }
                if node.tags.is_empty() {
                    return Ok(());
                }
                if node.tags.get("highway") == Some("traffic_signals") {
                    signals.push(node.id);
                }
                self.node(place, &node)
            })?;
        }
        signals.sort_unstable();
        self.budget = self.budget.anew();
        Ok(signals)
    }

    fn node(&mut self, place: Place, node: &NodeRef<'_>) -> Result<(), Stopped> {
        let Some(kind) = ObjectKind::of(node.tags) else {
            return Ok(());
        };
        let element = Element::Node(node.id);
        let Some(point) = node.point else {
            let fault = Fault::new(
                "bad_coordinate",
                format!("node {} lies nowhere on the globe", node.id),
            );
            return self.reject(place, OBJECTS, ("node", node.id, node.tags), fault);
        };
        self.receiver
            .feature(Feature::Object(Object::of(element, kind, node.tags, point)))
    }

    fn ways(&mut self, coordinates: &mut Coordinates, old: &OldAreas) -> Result<(), Stopped> {
        for place in self.places_with(|holds| holds.ways) {
            let Some(block) = self.block(place)? else { continue };
            for way in block.ways() {
                self.way(place, &way, coordinates, old)?;
            }
        }
        self.budget = self.budget.anew();
        Ok(())
    }

    fn way(
        &mut self,
        place: Place,
        way: &WayRef<'_>,
        coordinates: &mut Coordinates,
        old: &OldAreas,
    ) -> Result<(), Stopped> {
        let (street, mut area) = wanted_of(way.tags);
        if old.draws(way.id) {
            area = AreaTags::default();
        }
        if street.is_none() && area.rows() == 0 {
            return Ok(());
        }
        let nodes: Vec<i64> = way.nodes().collect();
        let indices: Vec<Option<usize>> = nodes.iter().map(|node| coordinates.find(*node)).collect();
        let points: Vec<Point> = indices
            .iter()
            .filter_map(|index| index.and_then(|index| coordinates.place(index)))
            .collect();
        let fault = |least: usize| {
            if points.len() < nodes.len() {
                let missing = nodes.len() - points.len();
                let message = format!(
                    "{missing} of the {} nodes of way {} are not in the file; extract it with complete ways",
                    nodes.len(),
                    way.id
                );
                return Some(Fault::new("missing_node", message));
            }
            let message = || {
                format!(
                    "way {} has {} nodes, at least {least} are needed",
                    way.id,
                    nodes.len()
                )
            };
            (nodes.len() < least).then(|| Fault::new("too_few_nodes", message()))
        };
        let shown = ("way", way.id, way.tags);
        if let Some(class) = street {
            if let Some(fault) = fault(2) {
                self.reject(place, STREETS, shown, fault)?;
            } else {
                let mut notes = Vec::new();
                let road = Road::of(way.id, class, way.tags, nodes.clone(), points.clone(), &mut notes);
                if road.is_for_cars {
                    for (order, index) in indices.iter().enumerate() {
                        let is_end = order == 0 || order + 1 == indices.len();
                        if let Some(index) = index {
                            coordinates.add_arms(*index, if is_end { 1 } else { 2 });
                        }
                    }
                }
                self.notes(place, way.id, notes)?;
                self.receiver.feature(Feature::Street(road))?;
            }
        }
        if let Some(kind) = area.object {
            match fault(1) {
                Some(fault) => self.reject(place, OBJECTS, shown, fault)?,
                None => {
                    if let Some(point) = centre(&points) {
                        let object = Object::of(Element::Way(way.id), kind, way.tags, point);
                        self.receiver.feature(Feature::Object(object))?;
                    }
                }
            }
        }
        let Some(kind) = area.building else { return Ok(()) };
        let fault = fault(4).or_else(|| {
            let is_open = nodes.first() != nodes.last();
            let message = || format!("the outline of way {} is not closed", way.id);
            let open = is_open.then(|| Fault::new("open_ring", message()));
            open.or_else(|| check(&nodes, &points).err())
        });
        match fault {
            Some(fault) => self.reject(place, BUILDINGS, shown, fault),
            None => {
                let outline = vec![Polygon {
                    outer: points,
                    inner: Vec::new(),
                }];
                let building = Building::of(Element::Way(way.id), kind, way.tags, outline);
                self.receiver.feature(Feature::Building(building))
            }
        }
    }

    fn relations(
        &mut self,
        members: &MemberWays,
        coordinates: &mut Coordinates,
        old: &OldAreas,
    ) -> Result<(), Stopped> {
        for place in self.places_with(|holds| holds.relations) {
            let Some(block) = self.block(place)? else { continue };
            for relation in block.relations() {
                if is_rule(relation.tags) {
                    self.turns(place, &relation)?;
                }
                let own = is_area(relation.tags).then_some(relation.tags);
                let Some(tags) = old.tags_of(relation.id).or(own) else {
                    continue;
                };
                if AreaTags::of(tags).rows() > 0 {
                    self.relation(place, &relation, tags, members, coordinates)?;
                }
            }
        }
        Ok(())
    }

    fn relation(
        &mut self,
        place: Place,
        relation: &RelationRef<'_>,
        tags: Tags<'_>,
        members: &MemberWays,
        coordinates: &mut Coordinates,
    ) -> Result<(), Stopped> {
        let (element, area) = (Element::Relation(relation.id), AreaTags::of(tags));
        let found = pieces(relation, members, coordinates).and_then(|pieces| polygons(&pieces));
        let found = match found {
            Ok(found) => found,
            Err(mut fault) => {
                fault.message = format!("relation {}: {}", relation.id, fault.message);
                let lost = [
                    (area.building.is_some(), BUILDINGS),
                    (area.object.is_some(), OBJECTS),
                    (area.is_boundary, BOUNDARIES),
                ];
                for (_, dataset) in lost.into_iter().filter(|(is_lost, _)| *is_lost) {
                    self.reject(place, dataset, ("relation", relation.id, tags), fault.clone())?;
                }
                return Ok(());
            }
        };
        if let Some(kind) = area.object
            && let Some(point) = found.first().and_then(|polygon| centre(&polygon.outer))
        {
            self.receiver
                .feature(Feature::Object(Object::of(element, kind, tags, point)))?;
        }
        if let Some(kind) = area.building {
            let building = Building::of(element, kind, tags, found.clone());
            self.receiver.feature(Feature::Building(building))?;
        }
        if area.is_boundary {
            self.receiver
                .feature(Feature::Boundary(Boundary::of(element, tags, found)))?;
        }
        Ok(())
    }

    fn turns(&mut self, place: Place, relation: &RelationRef<'_>) -> Result<(), Stopped> {
        match rules(relation) {
            Ok(rules) => {
                let mut rules = rules.into_iter();
                rules.try_for_each(|rule| self.receiver.feature(Feature::Turn(rule)))
            }
            Err(fault) => {
                let (code, dataset) = (fault.code, DatasetName::new(STREETS).ok());
                let mut told = Told(self.receiver);
                self.warnings.warn(
                    &mut told,
                    || fault,
                    (code, "", ""),
                    dataset.as_ref(),
                    || at(place.record),
                )
            }
        }
    }

    fn notes(&mut self, place: Place, way: i64, notes: Vec<Fault>) -> Result<(), Stopped> {
        let dataset = DatasetName::new(STREETS).ok();
        for fault in notes {
            let (code, field) = (fault.code, fault.field.clone().unwrap_or_default());
            let said = || Fault {
                message: format!("way {way}: {}", fault.message),
                ..fault
            };
            self.warnings.warn(
                &mut Told(self.receiver),
                said,
                (code, "", &field),
                dataset.as_ref(),
                || at(place.record),
            )?;
        }
        Ok(())
    }

    fn reject(
        &mut self,
        place: Place,
        dataset: &str,
        (noun, id, tags): (&str, i64, Tags<'_>),
        fault: Fault,
    ) -> Result<(), Stopped> {
        let dataset = DatasetName::new(dataset).ok();
        let problem = fault.reject(dataset.as_ref(), 1, at(place.record));
        self.receiver
            .problem(problem.with_raw(cut(format!("{noun} {id}: {}", tags.shown()))))
    }
}

/// A place in the file: the number of the blob.
fn at(record: u64) -> Position {
    Position {
        record: Some(record),
        ..Position::default()
    }
}

/// The ways of an area with the places of their nodes.
fn pieces(
    relation: &RelationRef<'_>,
    members: &MemberWays,
    coordinates: &mut Coordinates,
) -> Result<Vec<Piece>, Fault> {
    let mut pieces = Vec::new();
    for member in relation.members().filter(|member| member.kind == MemberKind::Way) {
        let Some(nodes) = members.nodes_of(member.id) else {
            let message = format!(
                "way {} is not in the file; extract it with complete relations",
                member.id
            );
            return Err(Fault::new("missing_way", message));
        };
        let places = nodes.iter().map(|node| {
            let index = coordinates.find(*node)?;
            coordinates.place(index)
        });
        let Some(points) = places.collect::<Option<Vec<Point>>>() else {
            let message = format!(
                "nodes of way {} are not in the file; extract it with complete ways",
                member.id
            );
            return Err(Fault::new("missing_node", message));
        };
        pieces.push(Piece {
            way: member.id,
            is_inner: member.role == "inner",
            nodes: nodes.to_vec(),
            points,
        });
    }
    Ok(pieces)
}
