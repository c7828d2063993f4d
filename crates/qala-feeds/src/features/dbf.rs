//! Attribute tables of shapefiles (dBASE III and its relatives).

use encoding_rs::{IBM866, UTF_8, WINDOWS_1251, WINDOWS_1252};
use qala_core::spec::Encoding;

use crate::fault::Fault;
use crate::text::guess_encoding;

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    start: usize,
    length: usize,
}

/// A table in memory.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) fields: Vec<Field>,
    bytes: Vec<u8>,
    /// Where the first record begins.
    start: usize,
    length: usize,
    pub(super) count: usize,
    encoding: &'static encoding_rs::Encoding,
}

fn damaged(what: &str) -> Fault {
    Fault::new(
        "damaged_file",
        format!("the attribute table (.dbf) is damaged: {what}; fetch the file again"),
    )
}

/// The encoding that a `.cpg` file names.
fn of_name(name: &str) -> Option<&'static encoding_rs::Encoding> {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    Some(match plain.as_str() {
        "utf8" | "65001" => UTF_8,
        "1251" | "cp1251" | "ansi1251" | "windows1251" => WINDOWS_1251,
        "1252" | "cp1252" | "ansi1252" | "windows1252" | "latin1" | "iso88591" | "88591" => WINDOWS_1252,
        "866" | "cp866" | "oem866" | "ibm866" => IBM866,
        _ => return None,
    })
}

/// The encoding of the table's language byte.
fn of_language(language: u8) -> Option<&'static encoding_rs::Encoding> {
    Some(match language {
        0x03 | 0x57 | 0x58 | 0x59 => WINDOWS_1252,
        0xC9 => WINDOWS_1251,
        0x26 | 0x65 => IBM866,
        _ => return None,
    })
}

fn of_mapping(encoding: Encoding) -> &'static encoding_rs::Encoding {
    match encoding {
        Encoding::Utf8 => UTF_8,
        Encoding::Windows1251 => WINDOWS_1251,
        Encoding::Windows1252 => WINDOWS_1252,
    }
}

impl Table {
    /// Opens a table. The encoding is the mapping's, that of the `.cpg` file, the table's own, or guessed.
    pub(super) fn open(bytes: Vec<u8>, cpg: Option<&str>, mapping: Option<Encoding>) -> Result<Self, Fault> {
        let word = |at: usize| {
            let pair = bytes.get(at..at + 2)?;
            Some(usize::from(u16::from_le_bytes([pair[0], pair[1]])))
        };
        let (Some(start), Some(length)) = (word(8), word(10)) else {
            return Err(damaged("it has no header"));
        };
        if start < 33 || length == 0 || start > bytes.len() {
            return Err(damaged("its header is impossible"));
        }
        let claimed = bytes.get(4..8).map_or(0, |four| {
            u32::from_le_bytes([four[0], four[1], four[2], four[3]]) as usize
        });
        let data = &bytes[start..];
        let encoding = mapping
            .map(of_mapping)
            .or_else(|| cpg.and_then(of_name))
            .or_else(|| of_language(bytes[29]))
            .unwrap_or_else(|| of_mapping(guess_encoding(&data[..data.len().min(1 << 20)])));
        let mut fields = Vec::new();
        // A record begins with the mark of its deletion.
        let mut at = 1;
        for field in bytes[32..start].chunks_exact(32) {
            if field[0] == 0x0D {
                break;
            }
            let name: Vec<u8> = field[..11]
                .iter()
                .copied()
                .take_while(|byte| *byte != 0)
                .collect();
            let width = usize::from(field[16]);
            fields.push(Field {
                name: encoding.decode_without_bom_handling(&name).0.trim().to_owned(),
                start: at,
                length: width,
            });
            at += width;
        }
        if at > length {
            return Err(damaged("its columns are wider than its rows"));
        }
        // A damaged header may claim any number of records.
        let count = claimed.min(data.len().div_ceil(length));
        Ok(Self {
            fields,
            bytes,
            start,
            length,
            count,
            encoding,
        })
    }

    fn record(&self, index: usize) -> Option<&[u8]> {
        let start = self.start.checked_add(index.checked_mul(self.length)?)?;
        self.bytes.get(start..start + self.length)
    }

    /// True when the record is marked as deleted.
    pub(super) fn is_deleted(&self, index: usize) -> bool {
        self.record(index).is_some_and(|record| record[0] == b'*')
    }

    /// The cells of a record; a number of asterisks or a question mark is no value.
    pub(super) fn cells(&self, index: usize) -> Vec<String> {
        let Some(record) = self.record(index) else {
            return Vec::new();
        };
        let cell = |field: &Field| {
            let bytes = record
                .get(field.start..field.start + field.length)
                .unwrap_or_default();
            let text = self.encoding.decode_without_bom_handling(bytes).0;
            let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
            let is_empty = text == "?" || text.bytes().all(|byte| byte == b'*');
            if is_empty { String::new() } else { text.to_owned() }
        };
        self.fields.iter().map(cell).collect()
    }
}
