//! Features as rows of datasets.

use qala_core::{DatasetName, Problem};

use super::feature::{Boundary, Building, Feature, Junction, Names, Object, Receiver};
use super::point::{Point, area_text, centre, line_text};
use super::road::{Limit, Road};
use crate::batch::{Value, Writer};
use crate::fault::{Fault, cut};
use crate::{Context, Sink, Stopped};

/// The datasets that are filled.
pub(super) const STREETS: &str = "places_streets";
pub(super) const JUNCTIONS: &str = "places_junctions";
pub(super) const BUILDINGS: &str = "places_buildings";
pub(super) const OBJECTS: &str = "places_objects";
pub(super) const BOUNDARIES: &str = "places_boundaries";

/// Their columns, in the order in which rows are made.
const COLUMNS: [(&str, &[&str]); 5] = [
    (
        STREETS,
        &[
            "street_id",
            "class",
            "name",
            "name_kk",
            "name_ru",
            "name_en",
            "direction",
            "is_roundabout",
            "is_for_cars",
            "forward_limit",
            "forward_limit_source",
            "backward_limit",
            "backward_limit_source",
            "lanes",
            "surface",
            "is_bridge",
            "is_tunnel",
            "layer",
            "first_node_id",
            "last_node_id",
            "geometry",
        ],
    ),
    (JUNCTIONS, &["junction_id", "lon", "lat", "arms", "has_signals"]),
    (
        BUILDINGS,
        &[
            "building_id",
            "kind",
            "name",
            "name_kk",
            "name_ru",
            "name_en",
            "levels",
            "street",
            "house_number",
            "geometry",
        ],
    ),
    (
        OBJECTS,
        &[
            "object_id",
            "kind",
            "place_kind",
            "name",
            "name_kk",
            "name_ru",
            "name_en",
            "code",
            "lon",
            "lat",
        ],
    ),
    (
        BOUNDARIES,
        &[
            "boundary_id",
            "kind",
            "admin_level",
            "name",
            "name_kk",
            "name_ru",
            "name_en",
            "lon",
            "lat",
            "geometry",
        ],
    ),
];

struct Table {
    dataset: DatasetName,
    writer: Option<Writer>,
    rows: u64,
}

/// Turns features into rows and passes them on.
pub(super) struct Rows<'a> {
    sink: &'a mut dyn Sink,
    file: Option<&'a str>,
    tables: Vec<Table>,
}

impl<'a> Rows<'a> {
    /// Rows for the datasets that are installed.
    pub(super) fn new(context: &Context<'_>, file: Option<&'a str>, sink: &'a mut dyn Sink) -> Self {
        let table = |(name, columns): (&str, &[&str])| {
            let writer = context.spec(name).map(|spec| Writer::new(spec, columns));
            let dataset = DatasetName::new(name).ok()?;
            Some(Table {
                dataset,
                writer,
                rows: 0,
            })
        };
        Self {
            tables: COLUMNS.into_iter().filter_map(table).collect(),
            file,
            sink,
        }
    }

    /// Hands over the last rows, and publishes the sets if nothing of them is missing.
    pub(super) fn finish(mut self, is_whole: bool, feed: &qala_core::FeedId) -> Result<(), Stopped> {
        for table in &mut self.tables {
            if let Some(writer) = &mut table.writer {
                writer.flush(self.sink)?;
            }
        }
        let rows: u64 = self.tables.iter().map(|table| table.rows).sum();
        if is_whole && rows > 0 {
            let installed = self.tables.into_iter().filter(|table| table.writer.is_some());
            let datasets: Vec<DatasetName> = installed.map(|table| table.dataset).collect();
            return self.sink.publish(&datasets);
        }
        let message = format!("the map of feed `{feed}` is not complete; the one before stays in force");
        let fault = Fault::new("set_not_published", message);
        self.problem(fault.reject(None, 0, qala_core::Position::default()))
    }

    fn put(&mut self, name: &str, mut values: Vec<Value<'_>>) -> Result<(), Stopped> {
        let Some(table) = self
            .tables
            .iter_mut()
            .find(|table| table.dataset.as_str() == name)
        else {
            return Ok(());
        };
        let id = match values.first() {
            Some(Value::Text(id)) => id.to_string(),
            _ => String::new(),
        };
        let result = match &mut table.writer {
            Some(writer) => writer.push(&mut values, self.sink)?,
            None => {
                let message = format!("dataset `{name}` is not installed");
                Err(Fault::new("no_dataset", message))
            }
        };
        match result {
            Ok(()) => {
                table.rows += 1;
                Ok(())
            }
            Err(fault) => {
                let problem = fault.reject(Some(&table.dataset), 1, qala_core::Position::default());
                self.problem(problem.with_raw(cut(id)))
            }
        }
    }
}

impl Receiver for Rows<'_> {
    fn feature(&mut self, feature: Feature) -> Result<(), Stopped> {
        match &feature {
            Feature::Street(road) => self.put(STREETS, street(road)),
            Feature::Junction(junction) => self.put(JUNCTIONS, self::junction(*junction)),
            Feature::Building(building) => self.put(BUILDINGS, self::building(building)),
            Feature::Object(object) => self.put(OBJECTS, self::object(object)),
            Feature::Boundary(boundary) => self.put(BOUNDARIES, self::boundary(boundary)),
            // Rules about turns are for the street graph of a pack.
            Feature::Turn(_) => Ok(()),
        }
    }

    fn problem(&mut self, mut problem: Problem) -> Result<(), Stopped> {
        problem.position.file = self.file.map(str::to_owned);
        self.sink.problem(problem)
    }
}

fn word(text: Option<&String>) -> Value<'_> {
    Value::text_or_null(text.map(String::as_str))
}

fn own(text: String) -> Value<'static> {
    Value::Text(text.into())
}

fn names(names: &Names) -> [Value<'_>; 4] {
    [&names.local, &names.kk, &names.ru, &names.en].map(|name| word(name.as_ref()))
}

fn place(point: Point) -> [Value<'static>; 2] {
    [Value::Float(point.lon()), Value::Float(point.lat())]
}

fn limit(limit: Option<Limit>) -> [Value<'static>; 2] {
    limit.map_or([Value::Null, Value::Null], |limit| {
        [Value::Float(limit.kmh), Value::text(limit.source.word())]
    })
}

fn node(id: Option<&i64>) -> Value<'static> {
    id.map_or(Value::Null, |id| own(format!("n{id}")))
}

fn street(road: &Road) -> Vec<Value<'_>> {
    let mut row = vec![own(format!("w{}", road.id)), Value::text(&road.class)];
    row.extend(names(&road.names));
    row.extend([
        Value::text(road.direction.word()),
        Value::Bool(road.is_roundabout),
        Value::Bool(road.is_for_cars),
    ]);
    row.extend(limit(road.forward_limit));
    row.extend(limit(road.backward_limit));
    row.extend([
        Value::int_or_null(road.lanes),
        word(road.surface.as_ref()),
        Value::Bool(road.is_bridge),
        Value::Bool(road.is_tunnel),
        Value::Int(road.layer),
        node(road.nodes.first()),
        node(road.nodes.last()),
        own(line_text(&road.points)),
    ]);
    row
}

fn junction(junction: Junction) -> Vec<Value<'static>> {
    let mut row = vec![own(format!("n{}", junction.node))];
    row.extend(place(junction.point));
    row.extend([
        Value::Int(i64::from(junction.arms)),
        Value::Bool(junction.has_signals),
    ]);
    row
}

fn building(building: &Building) -> Vec<Value<'_>> {
    let mut row = vec![own(building.element.to_string()), Value::text(&building.kind)];
    row.extend(names(&building.names));
    row.extend([
        building.levels.map_or(Value::Null, Value::Float),
        word(building.street.as_ref()),
        word(building.house_number.as_ref()),
        own(area_text(&building.outline)),
    ]);
    row
}

fn object(object: &Object) -> Vec<Value<'_>> {
    let mut row = vec![
        own(object.element.to_string()),
        Value::text(object.kind.word()),
        word(object.place.as_ref()),
    ];
    row.extend(names(&object.names));
    row.push(word(object.code.as_ref()));
    row.extend(place(object.point));
    row
}

fn boundary(boundary: &Boundary) -> Vec<Value<'_>> {
    let mut row = vec![
        own(boundary.element.to_string()),
        Value::text("administrative"),
        Value::int_or_null(boundary.level),
    ];
    row.extend(names(&boundary.names));
    let centre = boundary.area.first().and_then(|polygon| centre(&polygon.outer));
    row.extend(centre.map_or([Value::Null, Value::Null], place));
    row.push(own(area_text(&boundary.area)));
    row
}
