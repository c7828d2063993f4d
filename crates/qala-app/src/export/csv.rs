//! CSV, [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180): instants with the city's offset, empty for null.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use qala_core::Zone;
use serde_json::Value;

use super::{FileWriter, Pipe};
use crate::value::rows_of_values;

pub(super) struct Csv {
    pipe: Pipe,
    zone: Zone,
    line: String,
}

impl Csv {
    pub(super) fn new(schema: &SchemaRef, zone: &Zone, pipe: Pipe) -> std::io::Result<Self> {
        let mut csv = Self {
            pipe,
            zone: zone.clone(),
            line: String::new(),
        };
        for (at, field) in schema.fields().iter().enumerate() {
            csv.cell(at, field.name());
        }
        csv.end()?;
        Ok(csv)
    }

    fn cell(&mut self, at: usize, text: &str) {
        if at > 0 {
            self.line.push(',');
        }
        if text.contains(['"', ',', '\n', '\r']) {
            self.line.push('"');
            self.line.push_str(&text.replace('"', "\"\""));
            self.line.push('"');
        } else {
            self.line.push_str(text);
        }
    }

    fn end(&mut self) -> std::io::Result<()> {
        self.line.push_str("\r\n");
        self.pipe.write_all(self.line.as_bytes())?;
        self.line.clear();
        Ok(())
    }
}

impl FileWriter for Csv {
    fn rows(&mut self, batch: &RecordBatch) -> std::io::Result<()> {
        for row in rows_of_values(std::slice::from_ref(batch), &self.zone) {
            for (at, value) in row.iter().enumerate() {
                match value {
                    Value::Null => self.cell(at, ""),
                    Value::String(text) => self.cell(at, text),
                    other => self.cell(at, &other.to_string()),
                }
            }
            self.end()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> std::io::Result<()> {
        self.pipe.flush()
    }
}
