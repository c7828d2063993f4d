//! Parquet, and GeoParquet when the rows have a place.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::geo::{self, Place};
use super::{FileWriter, Pipe, other};

/// Rows that are laid down together.
const GROUP: usize = 65_536;

pub(super) struct Parquet {
    writer: ArrowWriter<Pipe>,
    schema: SchemaRef,
    place: Option<Place>,
}

impl Parquet {
    pub(super) fn new(schema: &SchemaRef, place: Option<&Place>, pipe: Pipe) -> std::io::Result<Self> {
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP));
        let mut schema = Arc::clone(schema);
        if place.is_some() {
            let mut fields: Vec<Arc<Field>> = schema
                .fields()
                .iter()
                .filter(|f| f.name() != geo::COLUMN)
                .cloned()
                .collect();
            fields.push(Arc::new(Field::new(geo::COLUMN, DataType::Binary, true)));
            schema = Arc::new(Schema::new(fields));
            let said = KeyValue::new("geo".to_owned(), geo::metadata());
            properties = properties.set_key_value_metadata(Some(vec![said]));
        }
        let writer =
            ArrowWriter::try_new(pipe, Arc::clone(&schema), Some(properties.build())).map_err(other)?;
        Ok(Self {
            writer,
            schema,
            place: place.cloned(),
        })
    }
}

impl FileWriter for Parquet {
    fn rows(&mut self, batch: &RecordBatch) -> std::io::Result<()> {
        match &self.place {
            None => self.writer.write(batch).map_err(other),
            Some(place) => {
                let mut columns = Vec::with_capacity(self.schema.fields().len());
                for field in self.schema.fields() {
                    if field.name() == geo::COLUMN {
                        columns.push(geo::column(batch, place));
                    } else if let Some(column) = batch.column_by_name(field.name()) {
                        columns.push(Arc::clone(column));
                    }
                }
                let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(other)?;
                self.writer.write(&batch).map_err(other)
            }
        }
    }

    fn finish(self: Box<Self>) -> std::io::Result<()> {
        self.writer.close().map_err(other)?;
        Ok(())
    }
}
