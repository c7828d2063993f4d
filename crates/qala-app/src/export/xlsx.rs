//! A spreadsheet, [Office Open XML](https://ecma-international.org/publications-and-standards/standards/ecma-376/), with one
//! sheet. Instants are dates of the city's clock, for the format knows no offset.

use std::fmt::Write as _;
use std::io::Write;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use qala_core::Zone;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::{FileWriter, Pipe, other};
use crate::value::text_of;

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="rows" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Style 1 is an instant, 2 a date, 3 bold.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>"#;
const SHEET: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>"#;
/// Letters of a cell at most, by the standard.
const LONGEST_CELL: usize = 32_767;
/// Days from 1899-12-30 to 1970-01-01.
const EPOCH_DAYS: f64 = 25_569.0;

pub(super) struct Xlsx {
    zip: ZipWriter<StreamWriter<Pipe>>,
    zone: Zone,
    text: String,
}

impl Xlsx {
    pub(super) fn new(schema: &SchemaRef, zone: &Zone, pipe: Pipe) -> std::io::Result<Self> {
        let mut zip = ZipWriter::new_stream(pipe);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, text) in [
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", RELATIONS),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS),
            ("xl/styles.xml", STYLES),
        ] {
            zip.start_file(name, options).map_err(other)?;
            zip.write_all(text.as_bytes())?;
        }
        zip.start_file("xl/worksheets/sheet1.xml", options.large_file(true))
            .map_err(other)?;
        let mut sheet = Self {
            zip,
            zone: zone.clone(),
            text: SHEET.to_owned(),
        };
        sheet.text.push_str("<row>");
        for field in schema.fields() {
            sheet.words(field.name(), 3);
        }
        sheet.end()?;
        Ok(sheet)
    }

    fn words(&mut self, text: &str, style: u8) {
        let _ = write!(
            self.text,
            "<c t=\"inlineStr\" s=\"{style}\"><is><t xml:space=\"preserve\">"
        );
        for sign in text.chars().take(LONGEST_CELL) {
            match sign {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                // XML has no other control signs.
                '\t' | '\n' | '\r' => self.text.push(sign),
                sign if sign < ' ' || matches!(sign, '\u{fffe}' | '\u{ffff}') => self.text.push('\u{fffd}'),
                sign => self.text.push(sign),
            }
        }
        self.text.push_str("</t></is></c>");
    }

    fn number(&mut self, number: f64, style: u8) {
        if number.is_finite() {
            let _ = write!(self.text, "<c s=\"{style}\"><v>{number}</v></c>");
        } else {
            self.words(&number.to_string(), 0);
        }
    }

    /// An instant as days of the city's clock.
    fn days(&self, t: i64) -> f64 {
        let day = self.zone.local_day(t);
        // The clock is read off, for a day may have 23 or 25 hours.
        let said = self.zone.format(t);
        let part = |from: usize| {
            said.get(from..from + 2)
                .and_then(|s| s.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        let fraction = t.rem_euclid(1_000_000) as f64 / 1e6;
        let seconds = part(11) * 3_600.0 + part(14) * 60.0 + part(17) + fraction;
        f64::from(day) + EPOCH_DAYS + seconds / 86_400.0
    }

    fn end(&mut self) -> std::io::Result<()> {
        self.text.push_str("</row>");
        if self.text.len() > 32 << 10 {
            self.zip.write_all(self.text.as_bytes())?;
            self.text.clear();
        }
        Ok(())
    }

    fn cell(&mut self, array: &dyn Array, row: usize) {
        if array.is_null(row) {
            self.text.push_str("<c/>");
            return;
        }
        match array.data_type() {
            DataType::Boolean => {
                let yes = u8::from(array.as_boolean().value(row));
                let _ = write!(self.text, "<c t=\"b\"><v>{yes}</v></c>");
            }
            DataType::Float64 => self.number(array.as_primitive::<Float64Type>().value(row), 0),
            DataType::Date32 => {
                let day = f64::from(array.as_primitive::<Date32Type>().value(row)) + EPOCH_DAYS;
                self.number(day, 2);
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let days = self.days(array.as_primitive::<TimestampMicrosecondType>().value(row));
                self.number(days, 1);
            }
            kind if kind.is_integer() || matches!(kind, DataType::Decimal128(..)) => {
                let text = text_of(array, row);
                // A sheet's numbers have 15 digits; longer ones stay what they are as text.
                if text.trim_start_matches('-').len() <= 15 {
                    let _ = write!(self.text, "<c><v>{text}</v></c>");
                } else {
                    self.words(&text, 0);
                }
            }
            _ => {
                let text = text_of(array, row);
                self.words(&text, 0);
            }
        }
    }
}

impl FileWriter for Xlsx {
    fn rows(&mut self, batch: &RecordBatch) -> std::io::Result<()> {
        for row in 0..batch.num_rows() {
            self.text.push_str("<row>");
            for column in batch.columns() {
                self.cell(&**column, row);
            }
            self.end()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> std::io::Result<()> {
        self.text.push_str("</sheetData></worksheet>");
        self.zip.write_all(self.text.as_bytes())?;
        self.zip.finish().map_err(other)?;
        Ok(())
    }
}
