//! The geometry of a pack from the user's own map: districts, streets, junctions, stops, schools, and the street graph.
//!
//! What belongs here: which file of the pack holds what. What does not: reading maps (`qala-feeds`), graphs
//! (`qala-models`), the meaning of a pack's files (`qala-registry`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use qala_core::Problem;
use qala_feeds::Stopped;
use qala_feeds::osm::{
    Feature, Junction, Names, Object, ObjectKind, Receiver, Road, Totals, line_text, read_map,
};
use qala_models::network::{Builder, Location, Nearest, Network, Street, Turn};
use qala_registry::Pack;

use crate::content::Content;
use crate::error::{AppError, Result};

mod districts;
mod stops;

#[cfg(test)]
mod tests;

use stops::Stop;

/// A stop or school that is farther from every street of the graph is not tied to it, metres.
const REACH_M: f64 = 1_000.0;
/// A map of one city unpacks to less.
const MAX_UNPACKED: u64 = 64 << 30;

/// What a pack is built from.
#[derive(Debug, Clone)]
pub struct PackSources {
    /// The pack that is filled: a name, or a folder.
    pub pack: String,
    /// The map, OSM PBF.
    pub osm: PathBuf,
    /// Districts, GeoJSON: each feature is found by its names.
    pub districts: PathBuf,
    /// Timetables whose stops are taken too.
    pub gtfs: Vec<PathBuf>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PackReport {
    /// What the map holds.
    pub totals: Totals,
    /// Places of the pack that have a geometry now.
    pub districts: usize,
    /// Places of the pack for which the file has no feature.
    pub without_geometry: Vec<String>,
    /// Features of the file that are no place of the pack.
    pub unknown_features: Vec<String>,
    /// Streets of all classes.
    pub streets: usize,
    /// Junctions.
    pub junctions: usize,
    /// Stops of the map and of the timetables.
    pub stops: usize,
    /// Schools.
    pub schools: usize,
    /// Kindergartens.
    pub kindergartens: usize,
    /// Stops, schools and kindergartens that are tied to the graph.
    pub tied: usize,
    /// Vertices of the graph: its largest strongly connected part.
    pub vertices: usize,
    /// Directed edges of the graph.
    pub edges: usize,
    /// Turns from one edge into another that the map forbids.
    pub forbidden_turns: usize,
    /// Vertices outside the largest part, which are left out.
    pub cut_off: usize,
    /// Length of the streets in the graph, km.
    pub length_km: f64,
    /// Bytes of the graph in memory.
    pub graph_bytes: usize,
    /// Problems of map and timetables, by code.
    pub problems: BTreeMap<String, u64>,
}

/// A built pack: its files by name, and what is in them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BuiltPack {
    /// The files of the pack, those of the base pack among them.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What was found.
    pub report: PackReport,
}

/// Builds a pack. Nothing is written.
///
/// # Errors
/// A pack that does not exist or is wrong; a file that cannot be read; districts that are no GeoJSON; a map without any
/// street for cars.
pub fn build_pack(sources: &PackSources) -> Result<BuiltPack> {
    let mut files: BTreeMap<String, String> = Content::pack(&sources.pack)?.into_iter().collect();
    let pack = Pack::from_toml(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))?;
    let mut report = PackReport::default();
    let text = read_text(&sources.districts)?;
    let found = districts::read(&text, &pack).map_err(|what| usage(&sources.districts, &what))?;
    if let Some(old) = files.get_mut("districts.toml") {
        *old = districts::with_geometry(old, &found.geometry);
    }
    report.districts = found.geometry.len();
    report.without_geometry = found.without_geometry;
    report.unknown_features = found.unknown_features;
    let mut map = open(&sources.osm)?;
    let mut collected = Collected::default();
    report.totals =
        read_map(&mut map, MAX_UNPACKED, &mut collected).map_err(|stopped| stopped_error(&stopped))?;
    if report.totals.blobs == 0 {
        return Err(usage(
            &sources.osm,
            "this is no OSM PBF, or it is damaged from its start",
        ));
    }
    let mut all_stops = std::mem::take(&mut collected.stops);
    for path in &sources.gtfs {
        all_stops.extend(stops::read(&mut open(path)?, path, &mut collected.problems)?);
    }
    let whole = std::mem::take(&mut collected.builder).build();
    let whole = whole.map_err(|error| usage(&sources.osm, &error.to_string()))?;
    let graph = whole.largest_component();
    if graph.vertices() == 0 {
        return Err(usage(&sources.osm, "there is no street for cars in the map"));
    }
    let mut tie = Tie {
        nearest: Nearest::new(&graph),
        graph: &graph,
        tied: 0,
    };
    let schools = tie.schools(&collected.schools);
    let stops = tie.stops(&all_stops);
    let junctions = junctions(&collected.junctions, &graph);
    report.tied = tie.tied;
    report.streets = collected.streets;
    report.junctions = collected.junctions.len();
    report.stops = all_stops.len();
    let count = |kind| {
        collected
            .schools
            .iter()
            .filter(|object| object.kind == kind)
            .count()
    };
    report.schools = count(ObjectKind::School);
    report.kindergartens = count(ObjectKind::Kindergarten);
    report.vertices = graph.vertices();
    report.edges = graph.edges().len();
    report.forbidden_turns = graph.forbidden_turns();
    report.cut_off = whole.vertices() - graph.vertices();
    report.length_km = graph.length_m() / 1000.0;
    report.graph_bytes = graph.memory_bytes();
    report.problems = collected.problems;
    let mut built: BTreeMap<String, Vec<u8>> = files
        .into_iter()
        .map(|(name, text)| (name, text.into_bytes()))
        .collect();
    built.insert("streets.csv".into(), collected.street_rows.into_bytes());
    built.insert("junctions.csv".into(), junctions.into_bytes());
    built.insert("stops.csv".into(), stops.into_bytes());
    built.insert("schools.csv".into(), schools.into_bytes());
    built.insert("streets.graph".into(), graph.to_bytes());
    Ok(BuiltPack { files: built, report })
}

impl BuiltPack {
    /// Writes every file below a folder, each whole or not at all.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            let temporary = folder.join(format!("{name}.tmp"));
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent)
                .and_then(|()| std::fs::write(&temporary, bytes))
                .and_then(|()| std::fs::rename(&temporary, &path))
                .map_err(AppError::io(format!("write {}", path.display())))?;
        }
        Ok(())
    }
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(AppError::io(format!("read {}", path.display())))
}

fn open(path: &Path) -> Result<std::fs::File> {
    std::fs::File::open(path).map_err(AppError::io(format!("read {}", path.display())))
}

fn usage(path: &Path, what: &str) -> AppError {
    AppError::Usage(format!("{}: {what}", path.display()))
}

/// The receivers here never give up; if one did, its words are kept.
fn stopped_error(stopped: &Stopped) -> AppError {
    AppError::Usage(stopped.to_string())
}

/// What is kept of a map while it is read.
#[derive(Default)]
struct Collected {
    builder: Builder,
    street_rows: String,
    streets: usize,
    junctions: Vec<Junction>,
    stops: Vec<Stop>,
    schools: Vec<Object>,
    problems: BTreeMap<String, u64>,
}

impl Collected {
    fn count(&mut self, code: &str) {
        *self.problems.entry(code.to_owned()).or_insert(0) += 1;
    }

    fn street(&mut self, road: &Road) {
        let (forward_kmh, backward_kmh) = road.car_kmh();
        if forward_kmh.is_some() || backward_kmh.is_some() {
            let places: Vec<Location> = road
                .points
                .iter()
                .map(|point| location(point.lon(), point.lat()))
                .collect();
            let street = Street {
                id: road.id,
                nodes: &road.nodes,
                places: &places,
                forward_kmh,
                backward_kmh,
            };
            if self.builder.add(street).is_err() {
                self.count("not_in_graph");
            }
        }
        if self.street_rows.is_empty() {
            self.street_rows.push_str(
                "street_id,class,name,name_kk,name_ru,name_en,direction,forward_kmh,backward_kmh,lanes,surface,is_bridge,is_tunnel,layer,geometry\n",
            );
        }
        let number = |kmh: Option<f64>| kmh.map(|kmh| kmh.to_string()).unwrap_or_default();
        let mut row = vec![format!("w{}", road.id), road.class.clone()];
        row.extend(names(&road.names));
        row.extend([
            road.direction.word().to_owned(),
            number(forward_kmh),
            number(backward_kmh),
            road.lanes.map(|lanes| lanes.to_string()).unwrap_or_default(),
            road.surface.clone().unwrap_or_default(),
            road.is_bridge.to_string(),
            road.is_tunnel.to_string(),
            road.layer.to_string(),
            line_text(&road.points),
        ]);
        put_row(&mut self.street_rows, &row);
        self.streets += 1;
    }
}

impl Receiver for Collected {
    fn feature(&mut self, feature: Feature) -> Result<(), Stopped> {
        match feature {
            Feature::Street(road) => self.street(&road),
            Feature::Junction(junction) => self.junctions.push(junction),
            Feature::Object(object) => match object.kind {
                ObjectKind::School | ObjectKind::Kindergarten => self.schools.push(object),
                ObjectKind::BusStop | ObjectKind::Platform => self.stops.push(Stop::of(&object)),
                ObjectKind::Place => {}
            },
            Feature::Turn(rule) => self.builder.turn(Turn {
                from: rule.from,
                via: rule.via,
                to: rule.to,
                is_only: rule.is_only,
            }),
            // Outlines are for the lake (`qala import osm`): they would make a pack large.
            Feature::Building(_) | Feature::Boundary(_) => {}
        }
        Ok(())
    }

    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        self.count(&problem.code);
        Ok(())
    }
}

/// Ties places to the graph.
struct Tie<'g> {
    graph: &'g Network,
    nearest: Nearest<'g>,
    tied: usize,
}

impl Tie<'_> {
    /// The node of the nearest vertex and its distance in metres as cells; empty when it is out of reach.
    fn cells(&mut self, lon: f64, lat: f64) -> [String; 2] {
        let found = self.nearest.vertex(location(lon, lat), REACH_M);
        let found = found.and_then(|(vertex, metres)| Some((self.graph.node(vertex)?, metres)));
        let Some((node, metres)) = found else {
            return [String::new(), String::new()];
        };
        self.tied += 1;
        [format!("n{node}"), format!("{metres:.1}")]
    }

    fn schools(&mut self, schools: &[Object]) -> String {
        let mut out = "object_id,kind,name,name_kk,name_ru,name_en,lon,lat,node_id,distance_m\n".to_owned();
        for school in schools {
            let mut row = vec![school.element.to_string(), school.kind.word().to_owned()];
            row.extend(names(&school.names));
            row.extend([school.point.lon().to_string(), school.point.lat().to_string()]);
            row.extend(self.cells(school.point.lon(), school.point.lat()));
            put_row(&mut out, &row);
        }
        out
    }

    fn stops(&mut self, stops: &[Stop]) -> String {
        let mut out = "stop_id,source,name,lon,lat,node_id,distance_m\n".to_owned();
        for stop in stops {
            let mut row = vec![stop.id.clone(), stop.source.clone(), stop.name.clone()];
            row.extend([stop.lon.to_string(), stop.lat.to_string()]);
            row.extend(self.cells(stop.lon, stop.lat));
            put_row(&mut out, &row);
        }
        out
    }
}

fn junctions(junctions: &[Junction], graph: &Network) -> String {
    let mut out = "junction_id,lon,lat,arms,has_signals,is_in_graph\n".to_owned();
    for junction in junctions {
        let row = [
            format!("n{}", junction.node),
            junction.point.lon().to_string(),
            junction.point.lat().to_string(),
            junction.arms.to_string(),
            junction.has_signals.to_string(),
            graph.vertex(junction.node).is_some().to_string(),
        ];
        put_row(&mut out, &row);
    }
    out
}

fn location(lon: f64, lat: f64) -> Location {
    Location { lon, lat }
}

fn names(names: &Names) -> [String; 4] {
    [&names.local, &names.kk, &names.ru, &names.en].map(|name| name.clone().unwrap_or_default())
}

/// Adds a line of CSV.
fn put_row(out: &mut String, cells: &[String]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            // Writing to a text cannot fail.
            let _ = write!(out, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            out.push_str(cell);
        }
    }
    out.push('\n');
}
