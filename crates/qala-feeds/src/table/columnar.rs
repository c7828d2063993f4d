//! Columns of Arrow arrays as records, and Parquet files.

use std::io::BufRead;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, Schema, TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use qala_core::Position;
use qala_core::spec::DatasetSpec;
use serde_json::{Map, Value};

use super::all;
use super::cell::{Cell, Record, written};
use super::jsonl::{self, JsonRecord, Place};
use super::plan::Columns;
use super::row::Rows;
use crate::fault::{Fault, PERSONAL, quote, whole};
use crate::selection::Selection;
use crate::{Context, Sink, Stopped};

/// Rows decoded at a time.
pub(crate) const ROWS: usize = 8_192;

/// An array of one of the few types that all others are turned into.
pub(crate) enum Leaf {
    Int(Int64Array),
    Float(Float64Array),
    Decimal(Decimal128Array, i8),
    Text(StringArray),
    Bool(BooleanArray),
    Instant(TimestampMicrosecondArray),
    Local(TimestampMicrosecondArray),
    Date(Date32Array),
    Other(&'static str, ArrayRef),
}

impl Leaf {
    fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        use DataType as D;
        let cast = |to: &D| {
            let options = CastOptions {
                safe: false,
                ..CastOptions::default()
            };
            cast_with_options(array, to, &options)
        };
        let micros = |zone: Option<Arc<str>>| D::Timestamp(TimeUnit::Microsecond, zone);
        Ok(match array.data_type() {
            D::Dictionary(_, inner) => return Self::new(&cast(inner)?),
            D::RunEndEncoded(_, values) => return Self::new(&cast(values.data_type())?),
            D::Int8 | D::Int16 | D::Int32 | D::Int64 | D::UInt8 | D::UInt16 | D::UInt32 => {
                Self::Int(cast(&D::Int64)?.as_primitive::<Int64Type>().clone())
            }
            D::UInt64 => Self::Decimal(
                cast(&D::Decimal128(20, 0))?
                    .as_primitive::<Decimal128Type>()
                    .clone(),
                0,
            ),
            D::Float16 | D::Float32 | D::Float64 => {
                Self::Float(cast(&D::Float64)?.as_primitive::<Float64Type>().clone())
            }
            D::Decimal32(_, scale) | D::Decimal64(_, scale) | D::Decimal128(_, scale) => {
                let scale = *scale;
                Self::Decimal(
                    cast(&D::Decimal128(38, scale))?
                        .as_primitive::<Decimal128Type>()
                        .clone(),
                    scale,
                )
            }
            D::Utf8 | D::LargeUtf8 | D::Utf8View | D::Time32(_) | D::Time64(_) => {
                Self::Text(cast(&D::Utf8)?.as_string::<i32>().clone())
            }
            D::Boolean => Self::Bool(array.as_boolean().clone()),
            D::Timestamp(_, Some(_)) => {
                let array = cast(&micros(Some("UTC".into())))?;
                Self::Instant(array.as_primitive::<TimestampMicrosecondType>().clone())
            }
            D::Timestamp(_, None) => Self::Local(
                cast(&micros(None))?
                    .as_primitive::<TimestampMicrosecondType>()
                    .clone(),
            ),
            D::Date32 | D::Date64 => Self::Date(cast(&D::Date32)?.as_primitive::<Date32Type>().clone()),
            D::Null => Self::Other("null", Arc::clone(array)),
            D::Binary | D::LargeBinary | D::FixedSizeBinary(_) | D::BinaryView => {
                Self::Other("bytes", Arc::clone(array))
            }
            _ => Self::Other("a list, map or other nested value", Arc::clone(array)),
        })
    }

    fn cell(&self, row: usize) -> Cell<'_> {
        let array: &dyn Array = match self {
            Self::Int(array) => array,
            Self::Float(array) => array,
            Self::Decimal(array, _) => array,
            Self::Text(array) => array,
            Self::Bool(array) => array,
            Self::Instant(array) | Self::Local(array) => array,
            Self::Date(array) => array,
            Self::Other(_, array) => array,
        };
        if row >= array.len() || array.is_null(row) {
            return Cell::Missing;
        }
        match self {
            Self::Int(array) => Cell::Int(array.value(row)),
            Self::Float(array) => Cell::Float(array.value(row)),
            Self::Decimal(array, scale) => Cell::Decimal(array.value(row), *scale),
            Self::Text(array) => Cell::Text(array.value(row).as_bytes()),
            Self::Bool(array) => Cell::Bool(array.value(row)),
            Self::Instant(array) => Cell::Instant(array.value(row)),
            Self::Local(array) => Cell::Local(array.value(row)),
            Self::Date(array) => Cell::Date(array.value(row)),
            Self::Other("null", _) => Cell::Missing,
            Self::Other(what, _) => Cell::Other(what),
        }
    }
}

/// Names of all columns; those inside a struct with the struct's name before a point.
pub(crate) fn names(schema: &Schema) -> Vec<String> {
    fn walk(fields: &arrow::datatypes::Fields, before: &str, out: &mut Vec<String>) {
        for field in fields {
            let name = format!("{before}{}", field.name());
            match field.data_type() {
                DataType::Struct(inner) => walk(inner, &format!("{name}."), out),
                _ => out.push(name),
            }
        }
    }
    let mut out = Vec::new();
    walk(schema.fields(), "", &mut out);
    out
}

/// The columns of a batch as arrays of few types.
pub(crate) fn leaves(columns: &[ArrayRef], out: &mut Vec<Leaf>) -> Result<(), ArrowError> {
    for column in columns {
        match column.as_struct_opt() {
            Some(inner) => leaves(inner.columns(), out)?,
            None => out.push(Leaf::new(column)?),
        }
    }
    Ok(())
}

/// A row of a batch.
pub(crate) struct Row<'a> {
    pub(crate) leaves: &'a [Leaf],
    pub(crate) names: &'a [String],
    pub(crate) index: usize,
    /// Number in the file, from 0.
    pub(crate) number: u64,
}

impl Record for Row<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        self.leaves
            .get(column)
            .map_or(Cell::Missing, |leaf| leaf.cell(self.index))
    }

    fn position(&self) -> Position {
        Position {
            record: Some(self.number),
            ..Position::default()
        }
    }

    fn raw(&self, personal: &dyn Fn(usize) -> bool) -> Option<String> {
        let pairs = self.names.iter().enumerate().filter_map(|(index, name)| {
            let text = written(&self.cell(index))?;
            let text = if personal(index) {
                PERSONAL.to_owned()
            } else {
                text
            };
            Some((name.clone(), Value::String(text)))
        });
        serde_json::to_string(&pairs.collect::<Map<_, _>>()).ok()
    }
}

/// Fills a dataset from batches of one schema.
pub(super) struct Batches {
    names: Vec<String>,
    rows: Rows,
    seen: u64,
    file: Option<String>,
    selection: Option<Arc<Selection>>,
}

impl Batches {
    /// Makes the mapping ready for a schema.
    pub(super) fn new(
        schema: &Schema,
        spec: &DatasetSpec,
        context: &Context<'_>,
        file: Option<&str>,
        sink: &mut dyn Sink,
    ) -> Result<Self, Stopped> {
        let names = names(schema);
        let rows = Rows::new(spec, context.mapping, context, &names, Columns::Fixed, file);
        rows.introduce(sink)?;
        Ok(Self {
            names,
            rows,
            seen: 0,
            file: file.map(str::to_owned),
            selection: context.selection.clone(),
        })
    }

    /// Adds a batch; a fault means that its rows could not be read.
    pub(super) fn add(
        &mut self,
        batch: &RecordBatch,
        sink: &mut dyn Sink,
    ) -> Result<Result<(), Fault>, Stopped> {
        let read = guarded(|| {
            let mut out = Vec::new();
            leaves(batch.columns(), &mut out).map(|()| out)
        });
        let leaves = match read {
            Ok(leaves) => leaves,
            Err(fault) => return Ok(Err(fault)),
        };
        for row in 0..batch.num_rows() {
            let record = Row {
                leaves: &leaves,
                names: &self.names,
                index: row,
                number: self.seen,
            };
            match self.mended(&record) {
                None => self.rows.record(&record, sink)?,
                Some(Ok(object)) => {
                    let record = JsonRecord {
                        object: &object,
                        paths: &self.names,
                        place: Place::Number(self.seen),
                    };
                    self.rows.record(&record, sink)?;
                }
                Some(Err(fault)) => self.rows.broken(fault, &record, sink)?,
            }
            self.seen += 1;
        }
        Ok(Ok(()))
    }

    /// The record that a person wrote in the place of this one, as the raw text shows it: an object of names and values.
    fn mended(&self, record: &Row<'_>) -> Option<Result<Map<String, Value>, Fault>> {
        let position = Position {
            file: self.file.clone(),
            ..record.position()
        };
        let text = self.selection.as_ref()?.text(&position)?;
        Some(match serde_json::from_str::<Map<String, Value>>(text) {
            Ok(mut object) => {
                for (index, name) in self.names.iter().enumerate() {
                    if let Some(value) = object.get_mut(name).filter(|v| v.as_str() == Some(PERSONAL)) {
                        *value = written(&record.cell(index)).map_or(Value::Null, Value::String);
                    }
                }
                Ok(object)
            }
            Err(error) => Err(jsonl::bad_json(&error)),
        })
    }

    /// Records read so far.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// Hands over the last rows.
    pub(super) fn finish(self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        self.rows.finish(sink)
    }
}

/// Runs a decoder of foreign bytes: its errors become faults, and a slip of the library cannot end the program.
pub(crate) fn guarded<T, E: std::fmt::Display>(decode: impl FnOnce() -> Result<T, E>) -> Result<T, Fault> {
    let said = match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => quote(error.to_string().as_bytes()),
        Err(_) => "the decoder gave up".to_owned(),
    };
    let message = format!("the file is damaged ({said}); fetch it again");
    Err(Fault::new("damaged_file", message))
}

/// Reads a Parquet file.
pub(super) fn parquet(
    bytes: &mut dyn BufRead,
    spec: &DatasetSpec,
    context: &Context<'_>,
    file: Option<&str>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let all_bytes = match all(bytes, context) {
        Ok(all_bytes) => all_bytes,
        Err(fault) => return sink.problem(whole(fault, file, 0)),
    };
    let opened = guarded(|| {
        let builder = ParquetRecordBatchReaderBuilder::try_new(all_bytes)?;
        let schema = Arc::clone(builder.schema());
        let total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        builder
            .with_batch_size(ROWS)
            .build()
            .map(|reader| (schema, total, reader))
    });
    let (schema, total, mut reader) = match opened {
        Ok(opened) => opened,
        Err(fault) => return sink.problem(whole(fault, file, 0)),
    };
    let mut batches = Batches::new(&schema, spec, context, file, sink)?;
    loop {
        let result = match guarded(|| reader.next().transpose()) {
            Ok(Some(batch)) => batches.add(&batch, sink)?,
            Ok(None) => break,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = result {
            // A damaged file may claim any number of rows; one that was not read is counted when it can be true.
            let rest = total.saturating_sub(batches.seen());
            let rows = if rest <= context.max_unpacked { rest } else { 0 };
            sink.problem(whole(fault, file, rows))?;
            break;
        }
    }
    batches.finish(sink)
}
