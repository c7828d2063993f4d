//! What a layer holds, in memory.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use qala_core::{Text, Zone};
use qala_tiles::{PointIndex, ShapeIndex, Value};

use super::layer::NAMES;

/// Who a row is: read with the row, or its `_seq` where there are too many rows to keep their names.
#[derive(Debug)]
pub(crate) enum Names {
    /// Ids, and columns that are properties.
    Read {
        ids: Vec<Box<str>>,
        columns: RecordBatch,
    },
    /// `_seq` of each row.
    Seq(Vec<i64>),
}

/// The rows of a layer that can be drawn, frozen.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) points: PointIndex,
    pub(crate) shapes: ShapeIndex,
    pub(crate) names: Names,
    /// Place in the log up to which was read.
    pub(crate) seq: i64,
    /// When the newest row came.
    pub(crate) received_at: Option<i64>,
    /// Messages that the rows came in; some of them when they are very many.
    pub(crate) sources: BTreeSet<i64>,
    /// Told apart by it in addresses of tiles.
    pub(crate) version: u64,
    zone: Zone,
}

impl Content {
    #[expect(clippy::too_many_arguments, reason = "the parts of one thing, each used once")]
    pub(crate) fn new(
        points: PointIndex,
        shapes: ShapeIndex,
        names: Names,
        seq: i64,
        received_at: Option<i64>,
        sources: BTreeSet<i64>,
        version: u64,
        zone: Zone,
    ) -> Self {
        Self {
            points,
            shapes,
            names,
            seq,
            received_at,
            sources,
            version,
            zone,
        }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let names = match &self.names {
            Names::Read { ids, columns } => {
                ids.iter().map(|id| id.len() + 16).sum::<usize>() + columns.get_array_memory_size()
            }
            Names::Seq(seqs) => seqs.len() * 8,
        };
        self.points.bytes() + self.shapes.bytes() + names
    }

    /// Rows that can be drawn.
    pub(crate) fn len(&self) -> usize {
        self.points.len() + self.shapes.len()
    }

    /// West, south, east, north in degrees.
    pub(crate) fn bounds(&self) -> Option<[f64; 4]> {
        match (self.points.bounds(), self.shapes.bounds()) {
            (Some(a), Some(b)) => Some([a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]),
            (a, b) => a.or(b),
        }
    }

    /// The id of a row: `@` and its `_seq` where names are not kept.
    pub(crate) fn id(&self, row: u32) -> String {
        match &self.names {
            Names::Read { ids, .. } => ids.get(row as usize).map(ToString::to_string).unwrap_or_default(),
            Names::Seq(seqs) => format!("@{}", seqs.get(row as usize).copied().unwrap_or_default()),
        }
    }

    /// A column of a row as text.
    pub(crate) fn text(&self, row: u32, column: &str) -> Option<&str> {
        let Names::Read { columns, .. } = &self.names else {
            return None;
        };
        let array = columns.column_by_name(column)?.as_string_opt::<i32>()?;
        let row = row as usize;
        (row < array.len() && array.is_valid(row))
            .then(|| array.value(row))
            .filter(|text| !text.is_empty())
    }

    /// The name of a row; its id when it has none.
    pub(crate) fn title(&self, row: u32) -> Text {
        let any = self
            .name_columns()
            .into_iter()
            .find_map(|name| self.text(row, name));
        let any = any.map_or_else(|| self.id(row), ToOwned::to_owned);
        let of = |column: &str| {
            self.text(row, column)
                .map_or_else(|| any.clone(), ToOwned::to_owned)
        };
        Text {
            kk: of("name_kk"),
            ru: of("name_ru"),
            en: of("name_en"),
        }
    }

    /// Columns that hold names, those of the whole thing first.
    fn name_columns(&self) -> Vec<&str> {
        let Names::Read { columns, .. } = &self.names else {
            return Vec::new();
        };
        let fields = columns.schema_ref().fields();
        let more = fields
            .iter()
            .map(|f| f.name().as_str())
            .filter(|name| super::is_name(name));
        NAMES.into_iter().chain(more).collect()
    }

    /// True when a row says that it is simulated.
    pub(crate) fn says_simulated(&self) -> bool {
        let Names::Read { columns, .. } = &self.names else {
            return false;
        };
        let column = columns
            .column_by_name("simulated")
            .and_then(|c| c.as_boolean_opt());
        column.is_some_and(|column| column.iter().any(|yes| yes == Some(true)))
    }

    /// The properties of a row.
    pub(crate) fn properties(&self, row: u32) -> Vec<(&str, Value)> {
        let Names::Read { columns, .. } = &self.names else {
            return Vec::new();
        };
        let at = row as usize;
        let mut found = Vec::with_capacity(columns.num_columns());
        for (field, array) in columns.schema_ref().fields().iter().zip(columns.columns()) {
            if at >= array.len() || array.is_null(at) {
                continue;
            }
            let value = match array.data_type() {
                DataType::Utf8 => Value::Text(array.as_string::<i32>().value(at).to_owned()),
                DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(at)),
                DataType::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(at)),
                DataType::Boolean => Value::Bool(array.as_boolean().value(at)),
                DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, _) => {
                    let t = array.as_primitive::<TimestampMicrosecondType>().value(at);
                    Value::Text(self.zone.format(t))
                }
                _ => continue,
            };
            found.push((field.name().as_str(), value));
        }
        found
    }

    /// Names of rows that are drawn, with their rows: for search.
    pub(crate) fn rows(&self) -> u32 {
        match &self.names {
            Names::Read { ids, .. } => ids.len() as u32,
            Names::Seq(_) => 0,
        }
    }
}
