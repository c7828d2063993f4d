//! Checked values into record batches.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, RecordBatch,
    RecordBatchOptions, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{Schema, SchemaRef};
use qala_core::DatasetName;
use qala_core::spec::{Column, ColumnType, DatasetSpec, Role, Sensitivity};

use crate::column::field;
use crate::fault::{Fault, hint, quote};
use crate::{Sink, Stopped};

/// Rows of a full batch.
const BATCH_ROWS: usize = 65_536;

/// A typed value of one cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Int(i64),
    Float(f64),
    Decimal(i128),
    Bool(bool),
    /// µs of UTC.
    Time(i64),
    /// Days since 1970-01-01.
    Date(i32),
}

impl<'a> Value<'a> {
    /// Borrowed text.
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Borrowed text, or null.
    pub(crate) fn text_or_null(text: Option<&'a str>) -> Self {
        text.filter(|text| !text.is_empty())
            .map_or(Self::Null, Self::text)
    }

    /// A whole number, or null.
    pub(crate) fn int_or_null(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Int)
    }
}

/// What a column accepts.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
    pub(crate) scale: i8,
    pub(crate) role: Option<Role>,
    pub(crate) required: bool,
    pub(crate) personal: bool,
    min: f64,
    max: f64,
    bounded: bool,
    values: Vec<String>,
}

impl Limits {
    /// The limits of a column; coordinates have theirs even when the spec says nothing.
    pub(crate) fn new(column: &Column) -> Self {
        let (low, high) = match column.role {
            Some(Role::Lat) => (-90.0, 90.0),
            Some(Role::Lon) => (-180.0, 180.0),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let (min, max) = (
            column.min.unwrap_or(low).max(low),
            column.max.unwrap_or(high).min(high),
        );
        Self {
            name: column.name.clone(),
            kind: column.kind,
            scale: column.scale.unwrap_or(0),
            role: column.role,
            required: column.required,
            personal: column.sensitivity == Sensitivity::Personal,
            min,
            max,
            bounded: min > f64::NEG_INFINITY || max < f64::INFINITY,
            values: column.values.clone(),
        }
    }

    /// Says what is wrong with a value of this column, if anything.
    #[inline]
    pub(crate) fn check(&self, value: &Value<'_>) -> Result<(), Fault> {
        let number = match value {
            Value::Null if self.required => return Err(self.missing()),
            Value::Null | Value::Bool(_) | Value::Time(_) | Value::Date(_) => return Ok(()),
            Value::Text(text) => return self.check_word(text),
            Value::Int(value) => *value as f64,
            Value::Float(value) => *value,
            Value::Decimal(value) => *value as f64 / 10_f64.powi(i32::from(self.scale)),
        };
        if !number.is_finite() {
            return Err(self.not_finite(number));
        }
        if self.bounded && (number < self.min || number > self.max) {
            return Err(self.out_of_range(number));
        }
        if !self.values.is_empty() {
            return self.check_word(&number.to_string());
        }
        Ok(())
    }

    #[inline]
    fn check_word(&self, word: &str) -> Result<(), Fault> {
        if self.required && word.is_empty() && self.kind != ColumnType::Text {
            return Err(self.missing());
        }
        if self.values.is_empty() || self.values.iter().any(|allowed| allowed == word) {
            return Ok(());
        }
        let near = hint(word, self.values.iter().map(String::as_str));
        let said = if self.personal {
            "the value".to_owned()
        } else {
            quote(word.as_bytes())
        };
        let message = format!(
            "{said} is not allowed here{near} (allowed: {})",
            self.values.join(", ")
        );
        Err(Fault::new("not_allowed", message).of(&self.name))
    }

    /// The fault of an empty cell of a required column.
    pub(crate) fn missing(&self) -> Fault {
        let message = format!("`{}` is empty but must be filled", self.name);
        Fault::new("missing_value", message).of(&self.name)
    }

    /// The fault of NaN and infinities.
    pub(crate) fn not_finite(&self, number: f64) -> Fault {
        let message = format!(
            "`{number}` is not a finite number; leave the cell empty, or list the word under `missing` of the mapping"
        );
        Fault::new("not_finite", message).of(&self.name)
    }

    fn out_of_range(&self, number: f64) -> Fault {
        let (code, what) = match self.role {
            Some(Role::Lat) => ("bad_coordinate", "a latitude"),
            Some(Role::Lon) => ("bad_coordinate", "a longitude"),
            _ => ("out_of_range", "it"),
        };
        let mut message = bounds(number, self.min, self.max, what);
        if code == "bad_coordinate" {
            message.push_str("; degrees of WGS 84 are expected, longitude and latitude may be swapped");
        }
        Fault::new(code, message).of(&self.name)
    }
}

/// Tells of a number outside its bounds.
pub(crate) fn bounds(number: f64, min: f64, max: f64, what: &str) -> String {
    let (low, high) = (min > f64::NEG_INFINITY, max < f64::INFINITY);
    match (low, high) {
        (true, true) => format!("{number} is out of range: {what} lies between {min} and {max}"),
        (true, false) => format!("{number} is out of range: {what} is at least {min}"),
        _ => format!("{number} is out of range: {what} is at most {max}"),
    }
}

/// Gathers rows of one dataset and hands full batches to the sink.
pub(crate) struct Batch {
    dataset: DatasetName,
    schema: SchemaRef,
    builders: Vec<Builder>,
    rows: usize,
}

enum Builder {
    Text(StringBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Decimal(Decimal128Builder),
    Bool(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Date(Date32Builder),
}

impl Batch {
    /// A batch of these columns of the dataset.
    pub(crate) fn new<'c>(dataset: &DatasetName, columns: impl Iterator<Item = &'c Column>) -> Self {
        let (fields, builders): (Vec<_>, Vec<_>) = columns.map(|c| (field(c), Builder::new(c))).unzip();
        Self {
            dataset: dataset.clone(),
            schema: Arc::new(Schema::new(fields)),
            builders,
            rows: 0,
        }
    }

    /// Adds a row of checked values, one per column.
    #[inline]
    pub(crate) fn push(&mut self, values: &[Value<'_>], sink: &mut dyn Sink) -> Result<(), Stopped> {
        for (builder, value) in self.builders.iter_mut().zip(values) {
            builder.push(value);
        }
        self.rows += 1;
        if self.rows >= BATCH_ROWS {
            self.flush(sink)
        } else {
            Ok(())
        }
    }

    /// Hands over what was gathered.
    pub(crate) fn flush(&mut self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        if self.rows == 0 {
            return Ok(());
        }
        let columns: Vec<ArrayRef> = self.builders.iter_mut().map(Builder::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|error| Stopped(Box::new(error)))?;
        sink.rows(&self.dataset, batch)
    }
}

impl Builder {
    fn new(column: &Column) -> Self {
        match column.kind {
            ColumnType::Text => Self::Text(StringBuilder::new()),
            ColumnType::Int => Self::Int(Int64Builder::new()),
            ColumnType::Float => Self::Float(Float64Builder::new()),
            ColumnType::Decimal => {
                let data_type = crate::column_type(column);
                Self::Decimal(Decimal128Builder::new().with_data_type(data_type))
            }
            ColumnType::Bool => Self::Bool(BooleanBuilder::new()),
            ColumnType::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            ColumnType::Date => Self::Date(Date32Builder::new()),
        }
    }

    /// A value of another type than the column's becomes null; the readers never make one.
    #[inline]
    fn push(&mut self, value: &Value<'_>) {
        match (self, value) {
            (Self::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Int(builder), Value::Int(value)) => builder.append_value(*value),
            (Self::Int(builder), _) => builder.append_null(),
            (Self::Float(builder), Value::Float(value)) => builder.append_value(*value),
            (Self::Float(builder), _) => builder.append_null(),
            (Self::Decimal(builder), Value::Decimal(value)) => builder.append_value(*value),
            (Self::Decimal(builder), _) => builder.append_null(),
            (Self::Bool(builder), Value::Bool(value)) => builder.append_value(*value),
            (Self::Bool(builder), _) => builder.append_null(),
            (Self::Time(builder), Value::Time(value)) => builder.append_value(*value),
            (Self::Time(builder), _) => builder.append_null(),
            (Self::Date(builder), Value::Date(value)) => builder.append_value(*value),
            (Self::Date(builder), _) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Int(builder) => Arc::new(builder.finish()),
            Self::Float(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder) => Arc::new(builder.finish()),
            Self::Bool(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Rows given as values of named columns, checked against the spec: for formats whose columns are fixed.
pub(crate) struct Writer {
    limits: Vec<Option<Limits>>,
    batch: Batch,
}

impl Writer {
    /// A writer of these columns; one that the spec does not declare is passed over.
    pub(crate) fn new(spec: &DatasetSpec, columns: &[&str]) -> Self {
        let found = columns.iter().map(|name| spec.column(name));
        let limits = found.clone().map(|column| column.map(Limits::new)).collect();
        Self {
            limits,
            batch: Batch::new(&spec.name, found.flatten()),
        }
    }

    /// Adds a row unless something is wrong with it.
    pub(crate) fn push(
        &mut self,
        values: &mut Vec<Value<'_>>,
        sink: &mut dyn Sink,
    ) -> Result<Result<(), Fault>, Stopped> {
        for (limits, value) in self.limits.iter().zip(values.iter()) {
            if let Some(limits) = limits
                && let Err(fault) = limits.check(value)
            {
                return Ok(Err(fault));
            }
        }
        let mut known = self.limits.iter().map(Option::is_some);
        values.retain(|_| known.next().unwrap_or(false));
        self.batch.push(values, sink).map(Ok)
    }

    /// Hands over what was gathered.
    pub(crate) fn flush(&mut self, sink: &mut dyn Sink) -> Result<(), Stopped> {
        self.batch.flush(sink)
    }
}
