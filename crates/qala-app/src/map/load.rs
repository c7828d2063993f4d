//! Reading a layer from the lake.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches, take};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use qala_core::Zone;
use qala_lake::{AsOf, LakeError, Query, each};
use qala_tiles::{Form, PointIndex, ShapeIndex, Spot, Stone, parse};

use super::content::{Content, Names};
use super::layer::{LayerSpec, Place};
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Points of one index at most: 8 million take some 250 MB.
pub(crate) const MOST_ROWS: usize = 8_000_000;
/// Up to so many rows their names and properties are kept too.
const NAMED_ROWS: usize = 300_000;
/// Messages that are remembered of one layer.
const MOST_SOURCES: usize = 500;

/// Which rows of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Slice {
    /// All.
    Whole,
    /// Those valid at an instant, µs.
    At(i64),
    /// Those that happened from, to before, µs.
    Window(i64, i64),
}

/// A name in a question.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An instant in a question.
pub(crate) fn instant(t: i64) -> String {
    let text = Zone::utc().format(t).replace("+00:00", "Z");
    format!("arrow_cast('{text}', 'Timestamp(Microsecond, Some(\"UTC\"))')")
}

/// A time column compared with an instant; dates are compared with the local day.
pub(crate) fn compared(layer: &LayerSpec<'_>, column: &str, op: &str, t: i64, zone: &Zone) -> String {
    let is_date = layer
        .spec
        .column(column)
        .is_some_and(|c| c.kind == qala_core::spec::ColumnType::Date);
    if is_date {
        let day = zone.format(t);
        format!("{} {op} DATE '{}'", quoted(column), day.get(..10).unwrap_or(&day))
    } else {
        format!("{} {op} {}", quoted(column), instant(t))
    }
}

static VERSION: AtomicU64 = AtomicU64::new(1);

/// A line's row, and its places with their numbers.
type Steps = (u32, Vec<(i64, f64, f64)>);

/// What is gathered while rows come.
struct Gathered {
    stones: Vec<Stone>,
    shapes: ShapeIndex,
    ids: Vec<Box<str>>,
    named: Vec<RecordBatch>,
    seqs: Vec<i64>,
    sources: BTreeSet<i64>,
    received_at: Option<i64>,
    /// Of moving things: the row that is the newest of each.
    newest: HashMap<Box<str>, usize>,
    /// Of lines that come place by place: id and places with their numbers.
    steps: HashMap<Box<str>, Steps>,
    rows: usize,
    too_many: bool,
}

/// The columns of a batch by their place in the question.
struct Read<'a> {
    batch: &'a RecordBatch,
}

impl<'a> Read<'a> {
    fn float(&self, name: &str, row: usize) -> Option<f64> {
        let array = self
            .batch
            .column_by_name(name)?
            .as_primitive_opt::<Float64Type>()?;
        array.is_valid(row).then(|| array.value(row))
    }

    fn int(&self, name: &str, row: usize) -> Option<i64> {
        let array = self.batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?;
        array.is_valid(row).then(|| array.value(row))
    }

    fn text(&self, name: &str, row: usize) -> Option<&'a str> {
        let array = self.batch.column_by_name(name)?.as_string_opt::<i32>()?;
        array.is_valid(row).then(|| array.value(row))
    }

    fn time(&self, name: &str, row: usize, zone: &Zone) -> Option<i64> {
        let array = self.batch.column_by_name(name)?;
        if array.is_null(row) {
            return None;
        }
        match array.data_type() {
            DataType::Date32 => Some(zone.day_start(array.as_primitive::<Date32Type>().value(row))),
            _ => Some(array.as_primitive_opt::<TimestampMicrosecondType>()?.value(row)),
        }
    }
}

/// Where a row lies, as far as it is a point or a form.
enum Lies {
    Point(f64, f64),
    Step(i64, f64, f64),
    Form(Form),
}

impl Gathered {
    fn take(&mut self, layer: &LayerSpec<'_>, batch: &RecordBatch, named: bool, zone: &Zone) -> bool {
        let read = Read { batch };
        let mut kept: Vec<u32> = Vec::new();
        for row in 0..batch.num_rows() {
            let lies = match layer.place {
                Place::Degrees(..) => read
                    .float("#x", row)
                    .zip(read.float("#y", row))
                    .map(|(x, y)| Lies::Point(x, y)),
                Place::Step(..) => read
                    .float("#x", row)
                    .zip(read.float("#y", row))
                    .zip(read.int("#n", row))
                    .map(|((x, y), n)| Lies::Step(n, x, y)),
                Place::Text(_) => read.text("#g", row).and_then(parse).map(|form| match form {
                    Form::Points(points) if points.len() == 1 => points
                        .first()
                        .map_or(Lies::Form(Form::Points(Vec::new())), |p| Lies::Point(p.0, p.1)),
                    form => Lies::Form(form),
                }),
            };
            let Some(lies) = lies else { continue };
            let at = self.rows as u32;
            let id = || read.text("#id", row).unwrap_or_default().into();
            let second = read.time("#t", row, zone).unwrap_or(0).div_euclid(1_000_000);
            match lies {
                Lies::Step(n, x, y) => {
                    let id: Box<str> = id();
                    if let Some((_, places)) = self.steps.get_mut(&id) {
                        places.push((n, x, y));
                        continue;
                    }
                    self.steps.insert(id, (at, vec![(n, x, y)]));
                }
                Lies::Point(x, y) => {
                    let Some(spot) = Spot::of(x, y) else { continue };
                    let stone = Stone {
                        spot,
                        second,
                        row: at,
                    };
                    if layer.moves {
                        let id: Box<str> = id();
                        if let Some(before) = self.newest.get(&id).copied() {
                            if self.stones[before].second <= second {
                                self.stones[before] = stone;
                            } else {
                                continue;
                            }
                        } else {
                            self.newest.insert(id, self.stones.len());
                            self.stones.push(stone);
                        }
                    } else {
                        self.stones.push(stone);
                    }
                }
                Lies::Form(Form::Points(points)) => {
                    let spots = points.iter().filter_map(|p| Spot::of(p.0, p.1));
                    self.stones.extend(spots.map(|spot| Stone {
                        spot,
                        second,
                        row: at,
                    }));
                }
                Lies::Form(form) => {
                    if !self.shapes.add(at, &form) {
                        continue;
                    }
                }
            }
            self.rows += 1;
            if named {
                self.ids.push(id());
                kept.push(row as u32);
            } else {
                self.seqs.push(read.int("_seq", row).unwrap_or_default());
            }
            if self.sources.len() < MOST_SOURCES
                && let Some(source) = read.int("_source", row)
            {
                self.sources.insert(source);
            }
            self.received_at = self.received_at.max(read.time("_received_at", row, zone));
        }
        if named && !kept.is_empty() {
            self.keep(layer, batch, kept);
        }
        self.too_many = self.rows > MOST_ROWS;
        !self.too_many
    }

    fn keep(&mut self, layer: &LayerSpec<'_>, batch: &RecordBatch, kept: Vec<u32>) {
        let rows = arrow::array::UInt32Array::from(kept);
        let columns = layer.properties().into_iter().filter_map(|column| {
            let array = batch.column_by_name(&column.name)?;
            let array: ArrayRef = take(array, &rows, None).ok()?;
            Some((column.name.clone(), array, true))
        });
        if let Ok(named) = RecordBatch::try_from_iter_with_nullable(columns) {
            self.named.push(named);
        }
    }
}

impl Centre {
    /// How many rows a slice of a dataset has.
    pub(crate) async fn count_rows(&self, layer: &LayerSpec<'_>) -> Result<usize> {
        let rows = self
            .rows(&format!(
                "SELECT count(*) AS n FROM {}",
                quoted(layer.spec.name.as_str())
            ))
            .await?;
        let n = rows.first().and_then(|row| row.get("n")?.as_u64());
        Ok(n.unwrap_or(0) as usize)
    }

    /// Reads the rows of a layer and lays them into an index.
    ///
    /// # Errors
    /// The query's; [`AppError::TooLarge`] for more rows than one index holds.
    pub(crate) async fn load_layer(
        &self,
        layer: &LayerSpec<'_>,
        slice: Slice,
        as_of: Option<i64>,
    ) -> Result<Content> {
        let zone = &self.zone;
        let conditions = match (slice, layer.time, layer.validity) {
            (Slice::Window(from, to), Some(time), _) => {
                let is_date = layer
                    .spec
                    .column(time)
                    .is_some_and(|c| c.kind == qala_core::spec::ColumnType::Date);
                // The day that the end lies in counts whole.
                let before = if is_date { "<=" } else { "<" };
                vec![
                    compared(layer, time, ">=", from, zone),
                    compared(layer, time, before, to, zone),
                ]
            }
            (Slice::At(t), _, Some((from, to))) => {
                let mut conditions = vec![compared(layer, from, "<=", t, zone)];
                if let Some(to) = to {
                    let open = format!("{} IS NULL OR {}", quoted(to), compared(layer, to, ">", t, zone));
                    conditions.push(format!("({open})"));
                }
                conditions
            }
            _ => Vec::new(),
        };
        let wheres = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        let table = quoted(layer.spec.name.as_str());
        let count = {
            let sql = format!("SELECT count(*) AS n FROM {table}{wheres}");
            let mut n = 0;
            let query = Query::system(sql).as_of(as_of.map(AsOf::Seq));
            each(&*self.engine, &query, |batch| {
                if batch.num_rows() > 0
                    && let Ok(array) = cast(batch.column(0), &DataType::Int64)
                {
                    n = array.as_primitive::<Int64Type>().value(0);
                }
                true
            })
            .await?;
            n as usize
        };
        let named = count <= NAMED_ROWS || layer.moves || matches!(layer.place, Place::Step(..));
        let sql = format!("SELECT {} FROM {table}{wheres}", selected(layer, named));
        let mut gathered = Gathered {
            stones: Vec::with_capacity(count.min(MOST_ROWS)),
            shapes: ShapeIndex::default(),
            ids: Vec::new(),
            named: Vec::new(),
            seqs: Vec::new(),
            sources: BTreeSet::new(),
            received_at: None,
            newest: HashMap::new(),
            steps: HashMap::new(),
            rows: 0,
            too_many: false,
        };
        let query = Query::system(sql).as_of(as_of.map(AsOf::Seq));
        let seq = each(&*self.engine, &query, |batch| {
            gathered.take(layer, batch, named, zone)
        })
        .await?;
        if gathered.too_many {
            return Err(AppError::TooLarge(format!(
                "more than {MOST_ROWS} rows would be drawn; ask for a shorter time"
            )));
        }
        let zone = zone.clone();
        let done = tokio::task::spawn_blocking(move || finish(gathered, named, seq, zone)).await;
        done.map_err(|e| AppError::Remote(format!("a worker failed: {e}")))?
    }
}

fn finish(mut gathered: Gathered, named: bool, seq: i64, zone: Zone) -> Result<Content> {
    for (row, mut places) in std::mem::take(&mut gathered.steps).into_values() {
        places.sort_unstable_by_key(|(n, _, _)| *n);
        let line = places.into_iter().map(|(_, x, y)| (x, y)).collect();
        gathered.shapes.add(row, &Form::Lines(vec![line]));
    }
    let names = if named {
        let columns = match gathered.named.first() {
            Some(first) => concat_batches(&first.schema(), &gathered.named).map_err(LakeError::from)?,
            None => RecordBatch::new_empty(std::sync::Arc::new(arrow::datatypes::Schema::empty())),
        };
        Names::Read {
            ids: gathered.ids,
            columns,
        }
    } else {
        Names::Seq(gathered.seqs)
    };
    Ok(Content::new(
        PointIndex::new(gathered.stones),
        gathered.shapes,
        names,
        seq,
        gathered.received_at,
        gathered.sources,
        VERSION.fetch_add(1, Ordering::Relaxed),
        zone,
    ))
}

/// The columns of the question.
fn selected(layer: &LayerSpec<'_>, named: bool) -> String {
    let mut columns = match layer.place {
        Place::Degrees(lon, lat) => vec![
            format!("CAST({} AS DOUBLE) AS \"#x\"", quoted(lon)),
            format!("CAST({} AS DOUBLE) AS \"#y\"", quoted(lat)),
        ],
        Place::Step(lon, lat, step) => vec![
            format!("CAST({} AS DOUBLE) AS \"#x\"", quoted(lon)),
            format!("CAST({} AS DOUBLE) AS \"#y\"", quoted(lat)),
            format!("{} AS \"#n\"", quoted(step)),
        ],
        Place::Text(text) => vec![format!("{} AS \"#g\"", quoted(text))],
    };
    if named {
        columns.push(format!("{} AS \"#id\"", id_expression(layer)));
        columns.extend(layer.properties().iter().map(|c| quoted(&c.name)));
    }
    columns.extend(layer.time.map(|time| format!("{} AS \"#t\"", quoted(time))));
    columns.extend(["_seq", "_received_at", "_source"].map(str::to_owned));
    columns.join(", ")
}

/// The id of an object in a question.
pub(crate) fn id_expression(layer: &LayerSpec<'_>) -> String {
    let parts: Vec<String> = layer
        .id
        .iter()
        .map(|name| format!("CAST({} AS VARCHAR)", quoted(name)))
        .collect();
    match parts.as_slice() {
        [one] => one.clone(),
        parts => format!("concat_ws('|', {})", parts.join(", ")),
    }
}
